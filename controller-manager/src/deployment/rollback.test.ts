import { describe, expect, it } from 'vitest'
import type { Deployment } from '@kubets/shared/api/types/apps-v1.ts'
import { planRollback, rollbackTo } from './rollback.ts'
import { Simulation } from './simulation.testing.ts'

const asks = 'deprecated.deployment.rollback.to'

/** A Deployment that has gone through these images, each told of in an annotation. */
const after = (...images: string[]): Simulation => {
  const world = new Simulation({ image: images[0] ?? '' })
  for (const image of images) {
    world.deployment.metadata.annotations = { ...world.deployment.metadata.annotations, cause: image }
    world.setImage(image)
    world.run()
  }
  return world
}
const asking = ({ deployment }: Simulation, revision: string): Deployment => ({
  ...deployment,
  metadata: { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [asks]: revision } },
})
const shown = (world: Simulation, revision: number): [image: string | undefined, cause: unknown, event: string] => {
  const { deployment, event } = planRollback(asking(world, String(revision)), world.sets, revision)
  expect(deployment.metadata.annotations).not.toHaveProperty(asks)
  const image = deployment.spec.template.spec?.containers[0]?.image
  return [image, deployment.metadata.annotations?.['cause'], `${event.type} ${event.reason}: ${event.message}`]
}

// pkg/controller/deployment/rollback_test.go
describe('a rollback by annotation', () => {
  const three = after('one', 'two', 'three')
  it.each<[string, Simulation, number, ReturnType<typeof shown>]>([
    [
      'to a revision, with what was said of it',
      three,
      1,
      ['one', 'one', 'Normal DeploymentRollback: Rolled back deployment "web" to revision 1'],
    ],
    [
      'to the last but one',
      three,
      0,
      ['two', 'two', 'Normal DeploymentRollback: Rolled back deployment "web" to revision 2'],
    ],
    [
      'to the present one',
      three,
      3,
      [
        'three',
        'three',
        'Warning DeploymentRollbackTemplateUnchanged: The rollback revision contains the same template as current deployment "web"',
      ],
    ],
    [
      'to one that is not there',
      three,
      7,
      ['three', 'three', 'Warning DeploymentRollbackRevisionNotFound: Unable to find the revision to rollback to.'],
    ],
    [
      'where there is but one',
      after('one'),
      0,
      ['one', 'one', 'Warning DeploymentRollbackRevisionNotFound: Unable to find last revision.'],
    ],
  ])('%s', (_, world, revision, want) => expect(shown(world, revision)).toEqual(want))

  it('takes the set’s own label out of the template', () => {
    const { deployment } = planRollback(three.deployment, three.sets, 1)
    expect(deployment.spec.template.metadata?.labels).toEqual({ app: 'web' })
  })

  it.each([
    ['2', 2],
    ['0', 0],
    ['-1', -1],
    ['', undefined],
    ['two', undefined],
    ['1e3', undefined],
  ])('reads %j', (text, want) => expect(rollbackTo(asking(three, text))).toBe(want))
})

it('waits until the Deployment goes on, and its revision is not forgotten meanwhile', () => {
  const world = after('one', 'two', 'three')
  world.deployment = asking(world, '1')
  world.deployment.spec.revisionHistoryLimit = 0
  world.deployment.spec.paused = true
  world.run()
  expect(world.sizes()).toEqual({ one: 0, two: 0, three: 3 })
  world.deployment.spec.paused = false
  world.run()
  expect(world.events).toContain('Rolled back deployment "web" to revision 1')
})

it('is planned when the newest ReplicaSet is there, and is followed by a rollout', () => {
  const world = after('one', 'two')
  world.deployment = asking(world, '1')
  world.run()
  expect(world.sizes()).toEqual({ one: 3, two: 0 })
  expect(world.deployment.metadata.annotations).toEqual({ cause: 'one', 'deployment.kubernetes.io/revision': '3' })
  expect(world.events).toContain('Rolled back deployment "web" to revision 1')
})
