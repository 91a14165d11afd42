import { describe, expect, it } from 'vitest'
import type { Deployment } from '@kubets/shared/api/types/apps-v1.ts'
import { failedCreate, plan } from './plan.ts'
import { Simulation } from './simulation.testing.ts'

const revision = 'deployment.kubernetes.io/revision'

const started = (spec: Partial<Deployment['spec']> = {}): Simulation => {
  const world = new Simulation({ image: 'one', ...spec })
  world.run()
  world.events = []
  world.fewest = Infinity
  world.most = 0
  return world
}

describe('a new Deployment', () => {
  it('gets its ReplicaSet, revision and conditions', () => {
    const world = new Simulation({ image: 'one' })
    world.step()
    expect(world.writes).toEqual(['create', 'status'])
    const [set] = world.sets
    expect(set?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]+$/)
    expect(set?.metadata.annotations).toEqual({
      [revision]: '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    })
    expect(set?.spec.selector.matchLabels).toEqual(set?.spec.template?.metadata?.labels)
    expect(world.events).toEqual([`Scaled up replica set ${set?.metadata.name} from 0 to 3`])
    expect(world.condition('Progressing')).toBe(
      `True NewReplicaSetCreated Created new replica set "${set?.metadata.name}"`,
    )
    expect(world.condition('Available')).toBe(
      'False MinimumReplicasUnavailable Deployment does not have minimum availability.',
    )
  })

  it('ends available and is then left alone', () => {
    const world = started()
    const name = world.sets[0]?.metadata.name
    expect(world.deployment.metadata.annotations).toEqual({ [revision]: '1' })
    expect(world.condition('Progressing')).toBe(
      `True NewReplicaSetAvailable ReplicaSet "${name}" has successfully progressed.`,
    )
    expect(world.condition('Available')).toBe('True MinimumReplicasAvailable Deployment has minimum availability.')
    expect(world.deployment.status).toMatchObject({
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    })
    expect(world.step()).toBe(false)
  })
})

describe('a rolling update', () => {
  it('never leaves its bounds', () => {
    const world = started({ replicas: 10 })
    world.setImage('two')
    world.run()
    expect(world.sizes()).toEqual({ one: 0, two: 10 })
    expect(world.most).toBeLessThanOrEqual(13)
    expect(world.fewest).toBeGreaterThanOrEqual(8)
    expect(world.deployment.metadata.annotations?.[revision]).toBe('2')
  })

  it('moves one by one at three replicas', () => {
    const world = started()
    world.setImage('two')
    world.run()
    const [one, two] = world.sets.map((set) => set.metadata.name)
    expect(world.events).toEqual([
      `Scaled up replica set ${two} from 0 to 1`,
      `Scaled down replica set ${one} from 3 to 2`,
      `Scaled up replica set ${two} from 1 to 2`,
      `Scaled down replica set ${one} from 2 to 1`,
      `Scaled up replica set ${two} from 2 to 3`,
      `Scaled down replica set ${one} from 1 to 0`,
    ])
  })

  it('stands still on a broken image and says so after the deadline', () => {
    const world = started({ replicas: 4 })
    world.broken.add('bad')
    world.setImage('bad')
    world.run()
    expect(world.sizes()).toEqual({ one: 3, bad: 2 })
    expect(world.condition('Progressing')).toMatch(/^True ReplicaSetUpdated ReplicaSet ".*" is progressing\.$/)
    const seen = { deployment: world.deployment, replicaSets: world.sets, pods: [] }
    expect(plan(seen, world.now).checkAfter).toBeGreaterThan(590_000)
    world.now += 601_000
    world.step()
    expect(world.condition('Progressing')).toMatch(
      /^False ProgressDeadlineExceeded ReplicaSet ".*" has timed out progressing\.$/,
    )
    expect(world.step()).toBe(false)
  })

  it('takes broken Pods away first when it is rolled over', () => {
    const world = started({ replicas: 4 })
    world.broken.add('bad')
    world.setImage('bad')
    world.run()
    world.setImage('three')
    world.run()
    expect(world.sizes()).toEqual({ one: 0, bad: 0, three: 4 })
    expect(world.fewest).toBeGreaterThanOrEqual(3)
  })

  it('reuses the old ReplicaSet when it is rolled back', () => {
    const world = started()
    world.setImage('two')
    world.run()
    world.setImage('one')
    world.run()
    expect(world.sets.length).toBe(2)
    expect(world.sizes()).toEqual({ one: 3, two: 0 })
    const one = world.sets.find((set) => world.imageOf(set) === 'one')
    expect(one?.metadata.annotations).toMatchObject({
      [revision]: '3',
      'deployment.kubernetes.io/revision-history': '1',
    })
    expect(world.deployment.metadata.annotations?.[revision]).toBe('3')
  })

  it('keeps as many old ReplicaSets as it may', () => {
    const world = started({ revisionHistoryLimit: 1 })
    for (const image of ['two', 'three', 'four']) {
      world.setImage(image)
      world.run()
    }
    expect(world.sizes()).toEqual({ three: 0, four: 3 })
  })
})

describe('scaling', () => {
  it('is no rollout', () => {
    const world = started()
    world.change((spec) => (spec.replicas = 20))
    world.run()
    expect(world.sizes()).toEqual({ one: 20 })
    expect(world.events).toEqual([`Scaled up replica set ${world.sets[0]?.metadata.name} from 3 to 20`])
    expect(world.sets[0]?.metadata.annotations?.['deployment.kubernetes.io/desired-replicas']).toBe('20')
    world.change((spec) => (spec.replicas = 0))
    world.run()
    expect(world.sizes()).toEqual({ one: 0 })
    expect(world.deployment.metadata.annotations?.[revision]).toBe('1')
  })

  it('shares a change between the sets of a rollout', () => {
    const world = started({
      replicas: 10,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
    })
    world.broken.add('bad')
    world.setImage('bad')
    world.run()
    expect(world.sizes()).toEqual({ one: 8, bad: 5 })
    world.change((spec) => (spec.replicas = 15))
    world.step()
    expect(world.sizes()).toEqual({ one: 11, bad: 7 })
  })
})

describe('a paused Deployment', () => {
  it('scales, but rolls nothing out until it is resumed', () => {
    const world = started()
    world.change((spec) => (spec.paused = true))
    world.setImage('two')
    world.run()
    expect(world.sizes()).toEqual({ one: 3 })
    expect(world.condition('Progressing')).toBe('Unknown DeploymentPaused Deployment is paused')
    world.change((spec) => (spec.replicas = 5))
    world.run()
    expect(world.sizes()).toEqual({ one: 5 })
    world.change((spec) => (spec.paused = false))
    world.run()
    expect(world.sizes()).toEqual({ one: 0, two: 5 })
  })
})

describe('Recreate', () => {
  it('stops all before it starts any', () => {
    const world = started({ strategy: { type: 'Recreate' } })
    world.setImage('two')
    world.step()
    expect(world.sizes()).toEqual({ one: 0 })
    world.step()
    expect(world.sizes()).toEqual({ one: 0 })
    world.settlePods()
    world.run()
    expect(world.sizes()).toEqual({ one: 0, two: 3 })
    expect(world.most).toBe(3)
  })
})

describe('an outgoing Deployment', () => {
  it('only reports', () => {
    const world = started()
    world.setImage('two')
    world.deployment.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    world.step()
    expect(world.writes).toEqual(['status'])
    expect(world.sets.length).toBe(1)
  })
})

describe('a ReplicaSet that is refused', () => {
  it('is told of in an event and the condition', () => {
    const { deployment, now } = started()
    const { message, status } = failedCreate(deployment, 'web-x', 'quota exceeded', now)
    expect(message).toBe('Failed to create new replica set "web-x": quota exceeded')
    const progressing = status?.conditions?.find(({ type }) => type === 'Progressing')
    expect(progressing).toMatchObject({ status: 'False', reason: 'ReplicaSetCreateError', message })
  })

  it('leaves the status alone where no progress is looked for', () => {
    const { deployment, now } = started({ progressDeadlineSeconds: 2147483647 })
    expect(failedCreate(deployment, 'web-x', 'quota exceeded', now).status).toEqual(deployment.status)
  })
})
