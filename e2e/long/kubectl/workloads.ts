import { expect } from 'vitest'
import { until } from '../../harness/until.ts'
import { idleDeployment } from './objects.ts'
import type { Case, Kubectl } from './versions.ts'

const image = (kubectl: Kubectl, name: string): Promise<string> =>
  kubectl.run(['get', 'deployment', name, '-o', 'jsonpath={.spec.template.spec.containers[0].image}'])

/** What runs is scaled, exposed and rolled out. */
export const workloadCases: readonly Case[] = [
  {
    name: 'create deployment, scale, autoscale, expose',
    run: async (kubectl) => {
      await kubectl.run(['create', 'deployment', 'sized', '--image=kubets/web:1'])
      await kubectl.run(['scale', 'deployment', 'sized', '--current-replicas=1', '--replicas=0'])
      const wrong = await kubectl.try(['scale', 'deployment', 'sized', '--current-replicas=3', '--replicas=1'])
      expect(wrong.stderr).toMatch(/[Ee]xpected replicas to be 3, was 0/)
      await kubectl.run(['autoscale', 'deployment', 'sized', '--min=2', '--max=3', '--cpu-percent=80'])
      expect(await kubectl.run(['get', 'hpa', 'sized', '--no-headers'])).toMatch(
        /^sized +Deployment\/sized +cpu: <unknown>\/80% +2 +3 +0 +\S+\n$/,
      )
      expect(await kubectl.run(['describe', 'hpa', 'sized'])).toMatch(/^Max replicas: +3$/m)
      await kubectl.run(['expose', 'deployment', 'sized', '--port=80', '--target-port=8080', '--type=NodePort'])
      expect(await kubectl.run(['get', 'service', 'sized', '--no-headers'])).toMatch(
        /^sized +NodePort +\d\S+ +<none> +80:3\d{4}\/TCP +\S+\n$/,
      )
      await kubectl.run(['delete', 'deployment,hpa,service', 'sized'])
    },
  },
  {
    name: 'rollout status, history, pause, resume, undo, restart',
    run: async (kubectl) => {
      // undo puts back the template as this kubectl knows it: 1.20 has never heard of the other's preStop
      await kubectl.run(['create', 'deployment', 'rolled', '--image=kubets/web:1'])
      const status = () => kubectl.run(['rollout', 'status', 'deployment/rolled', '--timeout=120s'])
      expect(await status()).toContain('deployment "rolled" successfully rolled out\n')
      await kubectl.run(['set', 'image', 'deployment/rolled', '*=kubets/web:2'])
      await status()
      await kubectl.run(['annotate', 'deployment', 'rolled', 'kubernetes.io/change-cause=the second'])
      await until('its history', async () => {
        const history = await kubectl.run(['rollout', 'history', 'deployment/rolled'])
        expect(history).toMatch(/^1 +<none>$/m)
        expect(history).toMatch(/^2 +the second$/m)
        return true
      })
      expect(await kubectl.run(['rollout', 'history', 'deployment/rolled', '--revision=1'])).toContain('kubets/web:1')

      await kubectl.run(['rollout', 'pause', 'deployment/rolled'])
      expect((await kubectl.try(['rollout', 'pause', 'deployment/rolled'])).stderr).toContain('already paused')
      expect((await kubectl.try(['rollout', 'undo', 'deployment/rolled'])).stderr).toMatch(/paused/)
      await kubectl.run(['rollout', 'resume', 'deployment/rolled'])
      expect(await kubectl.run(['rollout', 'undo', 'deployment/rolled', '--to-revision=1'])).toContain('rolled back')
      expect(await image(kubectl, 'rolled')).toBe('kubets/web:1')
      await status()
      await kubectl.run(['rollout', 'restart', 'deployment/rolled'])
      await status()
      const restarted = await kubectl.get<{ spec: { template: { metadata: { annotations: object } } } }>([
        'deployment',
        'rolled',
      ])
      expect(Object.keys(restarted.spec.template.metadata.annotations)).toEqual(['kubectl.kubernetes.io/restartedAt'])
      await kubectl.run(['delete', 'deployment', 'rolled', '--cascade=foreground'])
    },
  },
  {
    name: 'describe of a Deployment tells what happened',
    run: async (kubectl) => {
      await kubectl.run(['create', '-f', '-'], { input: idleDeployment('told', {}) })
      await until('its ReplicaSet to be described', async () => {
        const text = await kubectl.run(['describe', 'deployment', 'told'])
        expect(text).toMatch(/^Replicas: +0 desired \| 0 updated \| 0 total \| 0 available \| 0 unavailable$/m)
        expect(text).toMatch(/^StrategyType: +RollingUpdate$/m)
        expect(text).toMatch(/^NewReplicaSet: +told-\w+ \(0\/0 replicas created\)$/m)
        return true
      })
      expect(await kubectl.run(['get', 'all', '-l', 'app=told'])).toMatch(/^replicaset\.apps\/told-\w+ +0 +0 +0 /m)
      await kubectl.run(['delete', 'deployment', 'told'])
    },
  },
]
