import {
  controllerRevisions as revisionsRef,
  persistentVolumeClaims as claimsRef,
  pods as podsRef,
  statefulSets as ref,
} from '@kubets/shared/api/resources.gen.ts'
import type { ControllerRevision, StatefulSet } from '@kubets/shared/api/types/apps-v1.ts'
import type { Pod, PodTemplateSpec } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'
import { keepRevision, removeRevisions } from '../history/keep.ts'
import { inOrder, surplus } from '../history/revisions.ts'
import { indexByOwner } from '../owner-index.ts'
import { applyClaim } from '../pods/adopt.ts'
import { claim } from '../pods/claim.ts'
import { slowStart } from '../pods/slow-start.ts'
import { watchPods } from '../replicaset/pod-events.ts'
import { runLoop } from '../run-loop.ts'
import { updateStatus } from '../status.ts'
import { isMember, revisionOf } from './identity.ts'
import { plan, planLast, planStatus, type Action, type Version } from './plan.ts'
import { Storage } from './storage.ts'

const name = 'statefulset-controller'

// pkg/controller/history/controller_history.go ControllerRevisionHashLabel
const hashLabel = 'controller.kubernetes.io/hash'

const matches = ({ spec }: StatefulSet, labels: Record<string, string>): boolean =>
  labelSelectorFromObject(spec.selector).matches(labels)

/** A revision as Pods are made of it. */
// pkg/controller/statefulset/stateful_set_utils.go ApplyRevision
const versionOf = ({ metadata, data }: ControllerRevision): Version => {
  const { spec } = (data ?? {}) as { spec?: { template?: PodTemplateSpec & { $patch?: string } } }
  const { $patch: _, ...template } = spec?.template ?? { spec: { containers: [] } }
  return { name: metadata.name ?? '', template }
}

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const recorder = context.recorder(name)
  const sets = informers.informer(ref)
  const pods = informers.informer(podsRef)
  const claims = informers.informer(claimsRef)
  const revisions = informers.informer(revisionsRef)
  const podIndex = indexByOwner(pods)
  const revisionIndex = indexByOwner(revisions)
  const queue = context.queue(name)
  const storage = new Storage(client, recorder, (namespace, claimName) => claims.lister.get(claimName, namespace))

  sets.addHandler({
    add: (set) => queue.add(objectKey(set)),
    update: (_, set) => queue.add(objectKey(set)),
    delete: (set) => queue.add(objectKey(set)),
  })
  watchPods({
    pods,
    owners: sets,
    ownerKind: 'StatefulSet',
    matches,
    enqueue: (key) => queue.add(key),
  })
  // a Pod may wait for an earlier one's claim to go
  claims.addHandler({
    delete: ({ metadata }) => {
      for (const one of metadata.ownerReferences ?? [])
        if (one.kind === 'Pod') enqueueSetOfPod(one.name, metadata.namespace)
    },
  })
  const enqueueSetOfPod = (podName: string, namespace: string | undefined): void => {
    for (const set of sets.lister.list(namespace))
      if (podName.startsWith(`${set.metadata.name}-`)) queue.add(objectKey(set))
  }

  /** Tells of a write's outcome on the set, as upstream words it. */
  // pkg/controller/statefulset/stateful_pod_control.go recordPodEvent
  const told = async (set: StatefulSet, verb: string, pod: Pod, write: () => Promise<unknown>): Promise<void> => {
    const reason = verb[0]?.toUpperCase() + verb.slice(1)
    const what = `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
    try {
      await write()
      recorder.event(set, 'Normal', `Successful${reason}`, `${what} successful`)
    } catch (error) {
      if (isAlreadyExists(error) || (verb === 'delete' && isNotFound(error))) return
      if (!namespaceIsGoing(error))
        recorder.event(set, 'Warning', `Failed${reason}`, `${what} failed error: ${messageOf(error)}`)
      throw error
    }
  }

  const act = async (set: StatefulSet, action: Action, signal: AbortSignal): Promise<void> => {
    const { pod } = action
    const { name: podName = '', namespace, uid } = pod.metadata
    switch (action.kind) {
      case 'create':
        return told(set, 'create', pod, async () => {
          await storage.ensure(set, pod, signal)
          await client.create(podsRef, pod, { signal })
        })
      case 'label':
        return told(set, 'update', pod, () => client.update(podsRef, pod, { signal }))
      case 'delete':
        return told(set, 'delete', pod, () =>
          client.delete(podsRef, podName, { namespace, preconditions: { uid }, signal }),
        )
    }
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const set = sets.lister.byKey(key)
    if (!set) return
    const { namespace, uid } = set.metadata
    const { template, revisionHistoryLimit = 10 } = set.spec
    const own = { client, owner: set, ownerRef: ref, signal }
    const isOurs = (labels: Record<string, string>): boolean => matches(set, labels)
    const ofHistory = [...revisionIndex.ownedBy(uid), ...revisionIndex.orphans(namespace)]
    const history = inOrder(await applyClaim(own, revisionsRef, claim(set, isOurs, ofHistory)))
    const candidates = [...podIndex.ownedBy(uid), ...podIndex.orphans(namespace).filter((pod) => isMember(set, pod))]
    const owned = await applyClaim(own, podsRef, claim(set, isOurs, candidates))
    if (set.metadata.deletionTimestamp !== undefined) {
      const last = planLast(set, owned, clock.now())
      if (last && !deepEqual(last, set.status)) await updateStatus(client, ref, { ...set, status: last }, signal)
      return
    }

    const collisions = set.status?.collisionCount ?? 0
    const about = { owner: set, ref, template, collisionCount: collisions, hashLabel }
    const { revision: update, collisionCount } = await keepRevision(client, about, history, signal)
    const current = history.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
    const seen = {
      set,
      pods: owned,
      current: versionOf(current),
      update: versionOf(update),
      isStale: (pod: Pod) => storage.isStale(set, pod),
    }
    const { actions, claimants } = plan(seen, clock.now())
    const creations = actions.filter(({ kind }) => kind === 'create')
    const waiting = [...creations]
    const results = await Promise.allSettled([
      ...claimants.map(async (pod) => {
        if (pod.status?.phase === 'Pending') await storage.ensure(set, pod, signal)
        await storage.own(set, pod, signal)
      }),
      ...actions.filter((one) => !creations.includes(one)).map((action) => act(set, action, signal)),
      slowStart(creations.length, async () => {
        const next = waiting.shift()
        if (next) await act(set, next, signal)
      }).then(({ error }) => (error === undefined ? undefined : Promise.reject(error as Error))),
    ])
    const { status, checkAfter } = planStatus(seen, collisionCount, clock.now())
    if (!deepEqual(status, set.status)) await updateStatus(client, ref, { ...set, status }, signal)
    if (checkAfter !== undefined) queue.addAfter(key, checkAfter)

    const live = new Set([status.currentRevision, update.metadata.name, ...owned.map(revisionOf)])
    const isLive = ({ metadata }: ControllerRevision): boolean => live.has(metadata.name)
    await removeRevisions(client, surplus(history, isLive, revisionHistoryLimit, 'dead'), signal)
    for (const result of results)
      if (result.status === 'rejected' && !namespaceIsGoing(result.reason)) throw result.reason
  }

  return runLoop(context, { name, queue, workers: context.options.syncs.statefulset, reconcile })
}

// pkg/controller/statefulset/stateful_set.go
export const statefulSetController: Controller = { name, start }
