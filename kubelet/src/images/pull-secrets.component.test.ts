import Docker from 'dockerode'
import { secrets, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lookAt, runs, statusOf } from '../pods/look.testing.ts'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { startRegistry, type TestRegistry } from './registry.testing.ts'

const namespace = 'default'
let node: TestNode
let registry: TestRegistry
beforeAll(async () => {
  node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '10' })
  registry = await startRegistry({ name: 'somebody', password: 'secret' })
})
afterAll(async () => {
  await node.stop()
  await new Docker().getImage(`${registry.host}/team/of-account:1`).remove({ force: true })
  registry.stop()
})

// pkg/kubelet/kubelet_pods.go getPullSecretsForPod; plugin/pkg/admission/serviceaccount
it('A Pod has its image pulled with the secrets of its service account', { timeout: caseMs }, async () => {
  const config = { auths: { [registry.host]: { username: 'somebody', password: 'secret' } } }
  await node.client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login', namespace },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': btoa(JSON.stringify(config)) },
  })
  await node.client.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'puller', namespace },
    imagePullSecrets: [{ name: 'login' }],
  })
  const containers = [{ name: 'main', image: `${registry.host}/team/of-account:1` }]
  await node.run('nobody', { containers })
  expect(await lookAt(node).event('nobody', 'Failed', 'Failed to pull image')).toContain('no basic auth credentials')
  const reason = async () => statusOf(await node.get('nobody'))?.state?.waiting?.reason ?? ''
  await waitFor(async () => ['ErrImagePull', 'ImagePullBackOff'].includes(await reason()))
  await node.run('account', { containers, serviceAccountName: 'puller' })
  const pod = await node.until('account', runs)
  expect(pod.spec.imagePullSecrets).toEqual([{ name: 'login' }])
})
