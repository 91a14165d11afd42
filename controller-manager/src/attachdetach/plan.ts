import type { VolumeId } from '@kubets/shared/api/csi-volumes.ts'
import type { Node, PersistentVolume, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { VolumeAttachment } from '@kubets/shared/api/types/storage-v1.ts'
import { mayBeOnSeveralNodes } from './wanted.ts'

// pkg/controller/volume/attachdetach/attach_detach_controller.go DefaultTimerConfig
const unmountLimitMs = 6 * 60_000
// pkg/volume/csi/csi_attacher.go csiTimeout
const attachLimitMs = 2 * 60_000
// staging core/v1 well_known_taints.go
const outOfService = 'node.kubernetes.io/out-of-service'

/** What is remembered of a volume between two looks. */
export interface Memory {
  /** Since when nobody needs the volume on the node, by node. */
  readonly unneededSince: ReadonlyMap<string, number>
  /** Nodes whose Pods have been told that the volume is elsewhere. */
  readonly toldElsewhere: ReadonlySet<string>
  /** Since when the driver is waited for to attach it, by node. */
  readonly waitingSince: ReadonlyMap<string, number>
  /** What the node's Pods were told last of their attachment. */
  readonly told: ReadonlyMap<string, string>
}

export const noMemory: Memory = {
  unneededSince: new Map(),
  toldElsewhere: new Set(),
  waitingSince: new Map(),
  told: new Map(),
}

export interface VolumeSeen {
  readonly uniqueName: string
  readonly id: VolumeId
  /** Undefined when it is gone: then nobody needs it, and it is only to be detached. */
  readonly volume: PersistentVolume | undefined
  /** The Pods that need the volume, by the nodes they are on. */
  readonly wanted: ReadonlyMap<string, readonly Pod[]>
  readonly attachments: readonly VolumeAttachment[]
  readonly node: (name: string) => Node | undefined
  /** Never to detach what a lost node may still have mounted. */
  readonly neverForce: boolean
  readonly memory: Memory
}

interface AttachEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: 'SuccessfulAttachVolume' | 'FailedAttachVolume'
  readonly message: string
}

/** What to do for one volume, in this order. */
export type Step =
  | { readonly step: 'attach'; readonly node: string }
  /** The node may mount it; goes with what its Pods are told. */
  | { readonly step: 'list'; readonly node: string }
  /** The node must no longer begin to mount it: goes before `detach`. */
  | { readonly step: 'withdraw'; readonly node: string; readonly attachment: string }
  /** Deletes the attachment; `verify`: only if the stored node does not have it in use. */
  | { readonly step: 'detach'; readonly node: string; readonly attachment: VolumeAttachment; readonly verify: boolean }
  | { readonly step: 'tell'; readonly pod: Pod; readonly event: AttachEvent }

interface VolumePlan {
  readonly steps: Step[]
  readonly memory: Memory
  /** When time alone changes what is to be done. */
  readonly nextLookMs: number | undefined
}

/** What to do about one volume on all nodes. */
// pkg/controller/volume/attachdetach/reconciler/reconciler.go reconcile
export const plan = (seen: VolumeSeen, now: number): VolumePlan => {
  const { wanted, attachments } = seen
  const unneeded = attachments.filter(({ spec }) => !wanted.has(spec.nodeName))
  const looks = unneeded.map((attachment) => leave(attachment, seen, now))
  const attaching = attach(seen, now)
  const nexts = [...looks.map(({ next }) => next), ...attaching.nexts].filter((next) => next !== undefined)
  return {
    steps: [...looks.flatMap(({ steps }) => steps), ...attaching.steps],
    memory: {
      unneededSince: new Map(looks.map(({ node, since }) => [node, since])),
      toldElsewhere: attaching.toldElsewhere,
      waitingSince: attaching.waitingSince,
      told: attaching.told,
    },
    nextLookMs: nexts.length === 0 ? undefined : Math.min(...nexts),
  }
}

interface Leaving {
  node: string
  since: number
  steps: Step[]
  next?: number
}

/** Detaches from a node that has unmounted the volume, from a lost one after six minutes, from one out of service at once. */
const leave = (attachment: VolumeAttachment, seen: VolumeSeen, now: number): Leaving => {
  const { uniqueName, memory, neverForce } = seen
  const name = attachment.spec.nodeName
  const node = seen.node(name)
  const since = memory.unneededSince.get(name) ?? now
  const leaving: Leaving = { node: name, since, steps: [] }
  // its driver is at it
  if (attachment.metadata.deletionTimestamp !== undefined) return leaving
  const isTainted = node?.spec?.taints?.some(({ key }) => key === outOfService) ?? false
  const isOverdue = now - since > unmountLimitMs && !neverForce
  // nobody can say of a node that is gone whether it has unmounted
  const isMounted = node === undefined || (node.status?.volumesInUse?.includes(uniqueName) ?? false)
  if (isMounted && !isTainted && !(isOverdue && !isReady(node)))
    return neverForce || isOverdue ? leaving : { ...leaving, next: since + unmountLimitMs + 1 }
  const isListed = node?.status?.volumesAttached?.some(({ name: one }) => one === uniqueName) ?? false
  const step: Step = isListed
    ? { step: 'withdraw', node: name, attachment: attachment.metadata.name ?? '' }
    : { step: 'detach', node: name, attachment, verify: !isOverdue && !isTainted }
  return { ...leaving, steps: [step] }
}

const isReady = (node: Node | undefined): boolean =>
  node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

interface Attaching {
  steps: Step[]
  toldElsewhere: Set<string>
  waitingSince: Map<string, number>
  told: Map<string, string>
  nexts: (number | undefined)[]
}

// pkg/controller/volume/attachdetach/reconciler/reconciler.go attachDesiredVolumes
const attach = (seen: VolumeSeen, now: number): Attaching => {
  const { volume, wanted, attachments, memory } = seen
  const result: Attaching = {
    steps: [],
    toldElsewhere: new Set(),
    waitingSince: new Map(),
    told: new Map(),
    nexts: [],
  }
  if (volume === undefined) return result
  const isExclusive = !mayBeOnSeveralNodes(volume)
  let isTaken = attachments.length > 0
  for (const [node, pods] of wanted) {
    const own = attachments.find(({ spec }) => spec.nodeName === node)
    if (own !== undefined) {
      follow(own, pods, seen, now, result)
      continue
    }
    if (!isExclusive || !isTaken) {
      result.steps.push({ step: 'attach', node })
      isTaken = true
      continue
    }
    const others = attachments.filter(({ status }) => status?.attached === true)
    // one that is on its way may still fail
    if (others.length === 0) continue
    result.toldElsewhere.add(node)
    if (memory.toldElsewhere.has(node)) continue
    for (const pod of pods) {
      const users = others.flatMap(({ spec }) => wanted.get(spec.nodeName) ?? [])
      result.steps.push(
        failed(pod, `Multi-Attach error for volume "${volume.metadata.name ?? ''}" ${elsewhere(pod, users)}`),
      )
    }
  }
  return result
}

/** Waits for the driver; what it reports goes to the Pods. */
// pkg/volume/csi/csi_attacher.go verifyAttachmentStatus, waitForVolumeAttachDetachStatusWithLister
const follow = (
  own: VolumeAttachment,
  pods: readonly Pod[],
  seen: VolumeSeen,
  now: number,
  result: Attaching,
): void => {
  const { uniqueName, id, volume, memory } = seen
  const name = own.spec.nodeName
  // an attachment that goes is replaced when it is gone
  if (own.metadata.deletionTimestamp !== undefined) return
  const volumeName = volume?.metadata.name ?? ''
  if (own.status?.attached === true) {
    result.told.set(name, '')
    const isListed = seen.node(name)?.status?.volumesAttached?.some((one) => one.name === uniqueName) ?? false
    if (!isListed) result.steps.push({ step: 'list', node: name })
    // what was listed when the program started was told by the one before; what is written may not be seen yet
    if (memory.told.get(name) === '' || (isListed && !memory.waitingSince.has(name))) return
    const message = `AttachVolume.Attach succeeded for volume "${volumeName}" `
    const event = { type: 'Normal', reason: 'SuccessfulAttachVolume', message } as const
    for (const pod of pods) result.steps.push({ step: 'tell', pod, event })
    return
  }
  const { time = '', message = '' } = own.status?.attachError ?? {}
  const since = memory.waitingSince.get(name) ?? now
  result.waitingSince.set(name, since)
  const times = Math.floor((now - since) / attachLimitMs)
  const { driver, handle } = id
  const overdue = `timed out waiting for external-attacher of ${driver} CSI driver to attach volume ${handle}`
  const trouble = own.status?.attachError !== undefined ? message : times > 0 ? overdue : undefined
  result.nexts.push(since + (times + 1) * attachLimitMs)
  if (trouble === undefined) return
  const told = `${time} ${String(times)} ${trouble}`
  result.told.set(name, told)
  if (memory.told.get(name) === told) return
  const text = `AttachVolume.Attach failed for volume "${volumeName}" : ${trouble}`
  for (const pod of pods) result.steps.push(failed(pod, text))
}

const failed = (pod: Pod, message: string): Step => ({
  step: 'tell',
  pod,
  event: { type: 'Warning', reason: 'FailedAttachVolume', message },
})

/** Who has the volume, without the names of Pods that the reader may not see. */
// pkg/controller/volume/attachdetach/reconciler/reconciler.go reportMultiAttachError
const elsewhere = ({ metadata }: Pod, users: readonly Pod[]): string => {
  if (users.length === 0) return "Volume is already exclusively attached to one node and can't be attached to another"
  const near = users.filter((user) => user.metadata.namespace === metadata.namespace)
  const far = users.length - near.length
  const others = `${String(far)} pod(s) in different namespaces`
  if (near.length === 0) return `Volume is already used by ${others}`
  const names = near.map((user) => user.metadata.name).join(', ')
  return `Volume is already used by pod(s) ${names}${far > 0 ? ` and ${others}` : ''}`
}
