import {
  controllerRevisions as revisionsRef,
  daemonSets as ref,
  nodes as nodesRef,
  pods as podsRef,
} from '@kubets/shared/api/resources.gen.ts'
import type { ControllerRevision, DaemonSet } from '@kubets/shared/api/types/apps-v1.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { controllerOf, newControllerRef, objectKey } from '@kubets/shared/machinery/object.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { namespaceIsGoing } from '../failure.ts'
import { keepRevision, removeRevisions } from '../history/keep.ts'
import { inOrder, revisionHashLabel, surplus, templatePatch } from '../history/revisions.ts'
import { indexByOwner } from '../owner-index.ts'
import { applyClaim } from '../pods/adopt.ts'
import { claim } from '../pods/claim.ts'
import { PodControl } from '../pods/control.ts'
import { Expectations, expectationLapseMs } from '../pods/expectations.ts'
import { slowStart } from '../pods/slow-start.ts'
import { podFromTemplate } from '../pods/template.ts'
import { watchPods } from '../replicaset/pod-events.ts'
import { runLoop } from '../run-loop.ts'
import { updateStatus } from '../status.ts'
import { FailedPods } from './failed-pods.ts'
import { oneRevision } from './one-revision.ts'
import { daemonTemplate, placementFor, templateForNode } from './placement.ts'
import { plan, planStatus, type DaemonPlan } from './plan.ts'

const name = 'daemonset-controller'

const matches = ({ spec }: DaemonSet, labels: Record<string, string>): boolean =>
  labelSelectorFromObject(spec.selector).matches(labels)

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const recorder = context.recorder(name)
  const control = new PodControl(client, recorder)
  const sets = informers.informer(ref)
  const pods = informers.informer(podsRef)
  const nodes = informers.informer(nodesRef)
  const revisions = informers.informer(revisionsRef)
  const podIndex = indexByOwner(pods)
  const revisionIndex = indexByOwner(revisions)
  const queue = context.queue(name)
  const expectations = new Expectations(() => clock.elapsed())
  const failedPods = new FailedPods()

  sets.addHandler({
    add: (set) => queue.add(objectKey(set)),
    update: (old, set) => {
      if (old.metadata.uid !== set.metadata.uid) expectations.forget(objectKey(old))
      queue.add(objectKey(set))
    },
    delete: (set) => {
      expectations.forget(objectKey(set))
      queue.add(objectKey(set))
    },
  })
  watchPods({ pods, owners: sets, ownerKind: 'DaemonSet', matches, expectations, enqueue: (key) => queue.add(key) })
  const ownerOf = (revision: ControllerRevision): DaemonSet | undefined => {
    const reference = controllerOf(revision)
    if (reference?.kind !== 'DaemonSet') return undefined
    const set = sets.lister.get(reference.name, revision.metadata.namespace)
    return set?.metadata.uid === reference.uid ? set : undefined
  }
  const revisionChanged = (revision: ControllerRevision): void => {
    const set = ownerOf(revision)
    if (set) queue.add(objectKey(set))
  }
  // addHistory: one that came with its owner changes nothing for it; an orphan is somebody's to adopt
  const revisionAdded = (revision: ControllerRevision): void => {
    if (controllerOf(revision)) return
    const { namespace, labels = {} } = revision.metadata
    for (const set of sets.lister.list(namespace)) if (matches(set, labels)) queue.add(objectKey(set))
  }
  revisions.addHandler({ add: revisionAdded, update: (_, now) => revisionChanged(now), delete: revisionChanged })

  // pkg/controller/daemon/daemon_controller.go addNode, updateNode
  const nodeChanged = (old: Node | undefined, now: Node | undefined): void => {
    for (const set of sets.lister.list()) {
      const placement = placementFor(set)
      const [before, after] = [old && placement(old), now && placement(now)]
      if (!deepEqual(before ?? { run: false, stay: false }, after ?? { run: false, stay: false }))
        queue.add(objectKey(set))
    }
  }
  nodes.addHandler({
    add: (node) => nodeChanged(undefined, node),
    update: (old, node) => {
      if (deepEqual(old.metadata.labels, node.metadata.labels) && deepEqual(old.spec.taints, node.spec.taints)) return
      nodeChanged(old, node)
    },
    delete: (node) => nodeChanged(node, undefined),
  })

  const createOne = (set: DaemonSet, hash: string, node: string, signal: AbortSignal): Promise<void> => {
    const template = templateForNode(daemonTemplate(set, hash), node)
    return control.create(set, podFromTemplate(template, set, newControllerRef(set, ref)), signal)
  }

  const deleteOne = async (set: DaemonSet, key: string, pod: Pod, signal: AbortSignal): Promise<void> => {
    try {
      if (!(await control.delete(set, pod, signal))) expectations.deletionSeen(key, objectKey(pod))
    } catch (error) {
      expectations.deletionSeen(key, objectKey(pod))
      throw error
    }
  }

  // pkg/controller/daemon/daemon_controller.go syncNodes
  const act = async (set: DaemonSet, key: string, hash: string, planned: DaemonPlan, signal: AbortSignal) => {
    for (const { pod, node } of planned.ended) {
      const isFailed = pod.status?.phase === 'Failed'
      const which = `daemon pod ${objectKey(pod)} on node ${node}`
      if (isFailed) recorder.event(set, 'Warning', 'FailedDaemonPod', `Found failed ${which}, will try to kill it`)
      else recorder.event(set, 'Normal', 'SucceededDaemonPod', `Found succeeded ${which}, will try to delete it`)
    }
    const waiting = [...planned.create]
    expectations.expect(key, waiting.length, planned.delete.map(objectKey))
    const [{ succeeded, error }, ...deletions] = await Promise.all([
      slowStart(waiting.length, () => createOne(set, hash, waiting.shift() ?? '', signal)),
      ...planned.delete.map((pod) =>
        deleteOne(set, key, pod, signal).then(
          () => undefined,
          (problem: unknown) => problem,
        ),
      ),
    ])
    expectations.creationSeen(key, planned.create.length - succeeded)
    const failure = [namespaceIsGoing(error) ? undefined : error, ...deletions].find((one) => one !== undefined)
    if (failure !== undefined) throw failure
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const set = sets.lister.byKey(key)
    if (!set) {
      expectations.forget(key)
      return
    }
    const { selector, template, revisionHistoryLimit = 10 } = set.spec
    if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0) {
      const message = 'This daemon set is selecting all pods. A non-empty selector is required.'
      recorder.event(set, 'Warning', 'SelectingAll', message)
      return
    }
    if (set.metadata.deletionTimestamp !== undefined) return
    const { namespace, uid, generation = 0 } = set.metadata
    const own = { client, owner: set, ownerRef: ref, signal }
    const isOurs = (labels: Record<string, string>): boolean => matches(set, labels)
    const candidates = [...revisionIndex.ownedBy(uid), ...revisionIndex.orphans(namespace)]
    const found = inOrder(await applyClaim(own, revisionsRef, claim(set, isOurs, candidates)))
    const ownPods = (): Promise<Pod[]> =>
      applyClaim(own, podsRef, claim(set, isOurs, [...podIndex.ownedBy(uid), ...podIndex.orphans(namespace)]))
    const { history, relabelled } = await oneRevision(client, templatePatch(template), found, ownPods, signal)
    const about = {
      owner: set,
      ref,
      template,
      collisionCount: set.status?.collisionCount ?? 0,
      hashLabel: revisionHashLabel,
    }
    const { revision, collisionCount } = await keepRevision(client, about, history, signal)
    const hash = revision.metadata.labels?.[revisionHashLabel] ?? ''

    const current = expectations.satisfied(key)
    // the event that meets an expectation may never come; look again when it has lapsed
    if (!current) queue.addAfter(key, expectationLapseMs)
    // read after the expectations: what met them has to be seen
    const owned = (await ownPods()).map(relabelled)
    const seen = {
      set,
      nodes: nodes.lister.list(),
      pods: owned,
      hash,
      failedWait: (node: string) => failedPods.wait(`${uid}/${generation}/${node}`, clock.elapsed()),
    }
    let failure: { error: unknown } | undefined
    if (current) {
      const planned = plan(seen, clock.now())
      if (planned.checkAfter !== undefined) queue.addAfter(key, planned.checkAfter)
      if (planned.create.length + planned.delete.length > 0)
        await act(set, key, hash, planned, signal).catch((error: unknown) => (failure = { error }))
      const old = history.filter(({ metadata }) => metadata.uid !== revision.metadata.uid)
      const live = new Set(owned.map(({ metadata }) => metadata.labels?.[revisionHashLabel]))
      const isLive = ({ metadata }: ControllerRevision): boolean => live.has(metadata.labels?.[revisionHashLabel])
      await removeRevisions(client, surplus(old, isLive, revisionHistoryLimit, 'all'), signal)
    }
    // what was not acted on was not seen
    const observedGeneration = current ? generation : (set.status?.observedGeneration ?? 0)
    const { status, checkAfter } = planStatus(seen, { observedGeneration, collisionCount }, clock.now())
    if (!deepEqual(status, set.status)) await updateStatus(client, ref, { ...set, status }, signal)
    if (checkAfter !== undefined) queue.addAfter(key, checkAfter)
    if (failure) throw failure.error
  }

  return runLoop(context, { name, queue, workers: context.options.syncs.daemonset, reconcile })
}

// pkg/controller/daemon/daemon_controller.go
export const daemonSetController: Controller = { name, start }
