import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  events,
  pods,
  replicationControllers,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '@kubets/shared/api/resources.gen.ts'
import type { Event, Pod, ReplicationController } from '@kubets/shared/api/types/core-v1.ts'
import { writesWithin } from '@kubets/shared/testing/quiet.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager, type TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'old'
const name = 'web'
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const read = (): Promise<ReplicationController> => manager.client.get(replicationControllers, name, { namespace })
const resize = (replicas: number): Promise<ReplicationController> =>
  manager.client.patch(replicationControllers, name, { spec: { replicas } }, { type: 'merge', namespace })
/** A change that says nothing, so that it is looked at now and not after its back-off. */
const nudge = (): Promise<unknown> => {
  const body = { metadata: { annotations: { nudged: 'yes' } } }
  return manager.client.patch(replicationControllers, name, body, { type: 'merge', namespace })
}
const own = async (): Promise<Pod[]> => (await manager.client.list(pods, { namespace, labelSelector: 'app=web' })).items
const told = (reason: string): Promise<Event> =>
  waitFor(async () => {
    const fieldSelector = `involvedObject.kind=ReplicationController,reason=${reason}`
    return (await manager.client.list(events, { namespace, fieldSelector })).items[0]
  })
const failure = async (): Promise<object | undefined> =>
  (await read()).status?.conditions?.find(({ type }) => type === 'ReplicaFailure')

/** Refuses what is done to Pods that run this image, as soon as it does. */
const refuse = async (operation: 'CREATE' | 'DELETE', image: string, message: string): Promise<void> => {
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const metadata = { name: `no-${operation.toLowerCase()}` }
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: [operation], resources: ['pods'] }
  const pod = operation === 'CREATE' ? 'object' : 'oldObject'
  const expression = `${pod}.spec.containers[0].image != '${image}'`
  await manager.client.create(validatingAdmissionPolicies, {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression, message }] },
  })
  await manager.client.create(validatingAdmissionPolicyBindings, {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: metadata.name, validationActions: ['Deny'] },
  })
  const probe = { generateName: 'probe-' }
  const tried = async (): Promise<unknown> => {
    const spec = { containers: [{ name: 'c', image }] }
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: probe, spec }
    const { metadata: made } = await manager.client.create(pods, object, { namespace })
    return manager.client.delete(pods, made.name ?? '', { namespace, gracePeriodSeconds: 0 })
  }
  await waitFor(() =>
    tried().then(
      () => undefined,
      (error: unknown) => String(error).includes(message) || undefined,
    ),
  )
}

it('makes and deletes Pods, and says so', async () => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'one' }] } }
  const object = {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name },
    spec: { replicas: 2, template },
  }
  await manager.client.create(replicationControllers, object, { namespace })
  const { status } = await waitFor(async () => ((await read()).status?.fullyLabeledReplicas === 2 ? read() : undefined))
  expect(status).toEqual({ replicas: 2, fullyLabeledReplicas: 2, observedGeneration: 1 })
  const [first] = await own()
  expect(first?.metadata).toMatchObject({ generateName: 'web-' })
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'ReplicationController', name, controller: true, blockOwnerDeletion: true },
  ]
  expect(first?.metadata).toMatchObject({ ownerReferences })
  const event = await told('SuccessfulCreate')
  expect(event.source?.component).toBe('replication-controller')
  expect(event.message).toMatch(/^Created pod: web-[a-z0-9]{5}$/)
  await resize(1)
  expect((await told('SuccessfulDelete')).message).toMatch(/^Deleted pod: web-[a-z0-9]{5}$/)
})

it('says why it cannot make a Pod, until it can', async () => {
  await refuse('CREATE', 'one', 'not one more')
  await resize(2)
  const reason =
    "is forbidden: ValidatingAdmissionPolicy 'no-create' with binding 'no-create' denied request: not one more"
  const found = await waitFor(failure)
  expect(found).toMatchObject({ status: 'True', reason: 'FailedCreate' })
  expect((found as { message: string }).message).toMatch(new RegExp(`^pods "web-.*" ${reason}$`))
  expect((await told('FailedCreate')).message).toMatch(new RegExp(`^Error creating: pods "web-.*" ${reason}$`))
  await manager.client.delete(validatingAdmissionPolicyBindings, 'no-create')
  await waitFor(async () => (await own()).length === 2 && (await failure()) === undefined)
})

it('says why it cannot delete one, and does not write it again and again', async () => {
  await refuse('DELETE', 'one', 'none of them')
  await resize(1)
  const found = await waitFor(failure)
  expect(found).toMatchObject({ status: 'True', reason: 'FailedDelete' })
  const reason =
    "is forbidden: ValidatingAdmissionPolicy 'no-delete' with binding 'no-delete' denied request: none of them"
  expect((found as { message: string }).message).toMatch(new RegExp(`^unable to delete pods: pods "web-.*" ${reason}$`))
  expect((await told('FailedDelete')).message).toMatch(new RegExp(`^Error deleting: pods "web-.*" ${reason}$`))
  const written = async (): Promise<string[]> =>
    (await writesWithin(manager.client, 1_000)).filter((one) => !one.startsWith('events '))
  await waitFor(async () => (await written()).length === 0)
  await manager.client.delete(validatingAdmissionPolicyBindings, 'no-delete')
  await nudge()
  await waitFor(async () => (await own()).length === 1 && (await failure()) === undefined)
})
