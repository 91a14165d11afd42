import { attachmentName, uniqueNameOf, volumeIdOf } from '@kubets/shared/api/csi-volumes.ts'
import {
  csiDrivers,
  nodes as nodesRef,
  persistentVolumeClaims,
  persistentVolumes,
  pods as podsRef,
  volumeAttachments,
} from '@kubets/shared/api/resources.gen.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { VolumeAttachment } from '@kubets/shared/api/types/storage-v1.ts'
import { notMadeFor } from '@kubets/shared/api/volume-binding.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { indexByNode } from '../pods/by-node.ts'
import { claimKeysOf, indexByClaim } from '../pods/volume-claims.ts'
import { runLoop } from '../run-loop.ts'
import { listed, sameForVolumes, sameList } from './listed.ts'
import { noMemory, plan } from './plan.ts'
import type { Memory, Step, VolumeSeen } from './plan.ts'
import { isManaged, needsAttach, needsVolumes } from './wanted.ts'

const name = 'persistentvolume-attach-detach-controller'
// pkg/controller/volume/attachdetach/attach_detach_controller.go NewAttachDetachController
const component = 'attachdetach-controller'
// pkg/volume/util/operationexecutor: the wait after an operation that failed
const maxDelayMs = 122_000
const baseDelayMs = 500

const start = (context: ControllerContext): Run => {
  const { client, clock, informers, options } = context
  const recorder = context.recorder(component)
  const pods = informers.informer(podsRef)
  const podsOf = indexByClaim(pods)
  const nodes = informers.informer(nodesRef)
  const claims = informers.informer(persistentVolumeClaims)
  const volumes = informers.informer(persistentVolumes)
  const drivers = informers.informer(csiDrivers)
  const attachments = informers.informer(volumeAttachments)
  volumes.addIndex('csi-volume', (volume) => [uniqueNameOf(volume) ?? ''])
  attachments.addIndex('volume', ({ spec }) => [spec.source.persistentVolumeName ?? ''])
  attachments.addIndex('node', ({ spec }) => [spec.nodeName])
  nodes.addIndex('attached-volume', ({ status }) => (status?.volumesAttached ?? []).map((one) => one.name))
  const podsOn = indexByNode(pods)
  // volumes by their unique names, which have a slash, and nodes for what their status lists
  const queue = context.queue(name, { baseDelayMs, maxDelayMs })
  const memories = new Map<string, Memory>()
  /** Attachments that are to go, by name: their nodes must not begin to mount the volume any more. */
  const withdrawn = new Set<string>()

  const enqueueVolume = (volume: PersistentVolume | undefined): void => {
    const uniqueName = volume && uniqueNameOf(volume)
    if (uniqueName !== undefined) queue.add(uniqueName)
  }
  const enqueueClaim = (claim: PersistentVolumeClaim | undefined): void =>
    enqueueVolume(volumes.lister.byKey(claim?.spec.volumeName ?? ''))
  const enqueuePod = (pod: Pod): void => {
    if (pod.spec.nodeName) for (const key of claimKeysOf(pod)) enqueueClaim(claims.lister.byKey(key))
  }
  /** The volume that is attached, also when it is gone: then its node may still name it. */
  const volumeNameOf = ({ metadata, spec }: VolumeAttachment): string | undefined => {
    const volume = volumes.lister.byKey(spec.source.persistentVolumeName ?? '')
    if (volume !== undefined) return uniqueNameOf(volume)
    const ofNode = nodes.lister.byKey(spec.nodeName)?.status?.volumesAttached ?? []
    return ofNode.find((one) => {
      const id = volumeIdOf(one.name)
      return id !== undefined && attachmentName(id, spec.nodeName) === metadata.name
    })?.name
  }
  const enqueueAttachment = (attachment: VolumeAttachment): void => {
    const uniqueName = volumeNameOf(attachment)
    if (uniqueName !== undefined) queue.add(uniqueName)
    queue.add(attachment.spec.nodeName)
  }
  const enqueueNode = ({ metadata, status }: Node): void => {
    queue.add(metadata.name ?? '')
    for (const one of status?.volumesAttached ?? []) queue.add(one.name)
    for (const attachment of attachments.lister.byIndex('node', metadata.name ?? '')) enqueueAttachment(attachment)
  }
  pods.addHandler({ add: enqueuePod, update: (_, pod) => enqueuePod(pod), delete: enqueuePod })
  claims.addHandler({ add: enqueueClaim, update: (_, claim) => enqueueClaim(claim), delete: enqueueClaim })
  volumes.addHandler({ add: enqueueVolume, update: (_, volume) => enqueueVolume(volume), delete: enqueueVolume })
  nodes.addHandler({
    add: (node) => {
      enqueueNode(node)
      for (const pod of podsOn(node.metadata.name ?? '')) enqueuePod(pod)
    },
    update: (old, node) => {
      if (sameForVolumes(old, node)) return
      enqueueNode(node)
      if (!isManaged(old)) for (const pod of podsOn(node.metadata.name ?? '')) enqueuePod(pod)
    },
    delete: enqueueNode,
  })
  drivers.addHandler({
    add: () => volumes.lister.list().forEach(enqueueVolume),
    update: () => volumes.lister.list().forEach(enqueueVolume),
  })
  attachments.addHandler({
    add: enqueueAttachment,
    update: (_, attachment) => enqueueAttachment(attachment),
    delete: (attachment) => {
      withdrawn.delete(attachment.metadata.name ?? '')
      enqueueAttachment(attachment)
    },
  })

  /** The Pods that need the volume on nodes that leave attaching to this controller, by node. */
  // pkg/controller/volume/attachdetach/util/util.go ProcessPodVolumes, CreateVolumeSpec
  const wantedOf = (volume: PersistentVolume): [node: string, pod: Pod][] => {
    const { namespace = '', name: claimName = '', uid } = volume.spec.claimRef ?? {}
    const claim = claims.lister.byKey(`${namespace}/${claimName}`)
    const isBound = claim?.status?.phase === 'Bound' && claim.spec.volumeName === volume.metadata.name
    if (!isBound || claim.metadata.uid !== uid) return []
    return podsOf(objectKey(claim)).flatMap((pod) => {
      const node = nodes.lister.byKey(pod.spec.nodeName ?? '')
      if (node === undefined || !isManaged(node) || !needsVolumes(pod, node)) return []
      const isEphemeral = pod.spec.volumes?.every(({ persistentVolumeClaim: of }) => of?.claimName !== claimName)
      if (isEphemeral && notMadeFor(pod, claim) !== undefined) return []
      return [[node.metadata.name ?? '', pod] satisfies [string, Pod]]
    })
  }
  const attachmentsOf = (uniqueName: string, own: readonly PersistentVolume[]): VolumeAttachment[] => {
    const id = volumeIdOf(uniqueName)
    const listing = nodes.lister.byIndex('attached-volume', uniqueName).map(({ metadata }) => metadata.name ?? '')
    const found = [
      ...own.flatMap(({ metadata }) => attachments.lister.byIndex('volume', metadata.name ?? '')),
      ...listing.map((node) => id && attachments.lister.byKey(attachmentName(id, node))),
    ].filter((one) => one !== undefined)
    // whoever attaches by itself also detaches
    const mine = found.filter(({ spec }) => {
      const node = nodes.lister.byKey(spec.nodeName)
      return node === undefined || isManaged(node)
    })
    return [...new Set(mine)]
  }

  const reconcileVolume = async (uniqueName: string, signal: AbortSignal): Promise<void> => {
    const id = volumeIdOf(uniqueName)
    if (id === undefined) return
    const own = volumes.lister.byIndex('csi-volume', uniqueName)
    const users = needsAttach(drivers.lister.byKey(id.driver)) ? own.flatMap(wantedOf) : []
    const wanted = new Map<string, Pod[]>()
    for (const [node, pod] of users) wanted.set(node, [...(wanted.get(node) ?? []), pod])
    const seen = {
      uniqueName,
      id,
      volume: own[0],
      wanted,
      attachments: attachmentsOf(uniqueName, own),
      node: (node: string) => nodes.lister.byKey(node),
      neverForce: options.neverForceDetach,
      memory: memories.get(uniqueName) ?? noMemory,
    }
    const now = clock.now()
    const { steps, memory, nextLookMs } = plan(seen, now)
    if (seen.attachments.length === 0 && wanted.size === 0) memories.delete(uniqueName)
    else memories.set(uniqueName, memory)
    for (const { metadata, spec } of seen.attachments)
      if (wanted.has(spec.nodeName)) withdrawn.delete(metadata.name ?? '')
    for (const step of steps) await take(step, seen, signal)
    if (nextLookMs !== undefined) queue.addAfter(uniqueName, nextLookMs - now)
  }

  const take = async (step: Step, { uniqueName, volume }: VolumeSeen, signal: AbortSignal): Promise<void> => {
    switch (step.step) {
      case 'attach':
        if (volume !== undefined) await attach(volume, step.node, signal)
        return
      case 'list':
        return writeListed(step.node, signal)
      case 'withdraw':
        withdrawn.add(step.attachment)
        return writeListed(step.node, signal)
      case 'detach':
        return detach(step.attachment, uniqueName, step.verify, signal)
      case 'tell':
        recorder.event(step.pod, step.event.type, step.event.reason, step.event.message)
    }
  }

  // pkg/volume/csi/csi_attacher.go Attach
  const attach = async (volume: PersistentVolume, node: string, signal: AbortSignal): Promise<void> => {
    const { csi } = volume.spec
    if (csi === undefined) return
    const attachment: VolumeAttachment = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: attachmentName({ driver: csi.driver, handle: csi.volumeHandle }, node) },
      spec: { attacher: csi.driver, nodeName: node, source: { persistentVolumeName: volume.metadata.name ?? '' } },
    }
    try {
      await client.create(volumeAttachments, attachment, { signal })
    } catch (error) {
      // made by the one before, and not seen yet
      if (!isAlreadyExists(error)) throw error
    }
  }

  // pkg/volume/util/operationexecutor/operation_generator.go verifyVolumeIsSafeToDetach, pkg/volume/csi/csi_attacher.go Detach
  const detach = async (
    { metadata, spec }: VolumeAttachment,
    uniqueName: string,
    verify: boolean,
    signal: AbortSignal,
  ): Promise<void> => {
    withdrawn.add(metadata.name ?? '')
    // what a kubelet has mounted rests on what is stored, not on what has been seen of it
    const stored = verify ? await found(client.get(nodesRef, spec.nodeName, { signal })) : undefined
    if (stored?.status?.volumesInUse?.includes(uniqueName)) throw new Error(`volume ${uniqueName} is in use`)
    const preconditions = { uid: metadata.uid }
    await found(client.delete(volumeAttachments, metadata.name ?? '', { preconditions, signal }))
  }

  /** Writes what is attached to the node into its status. */
  // pkg/controller/volume/attachdetach/statusupdater/node_status_updater.go UpdateNodeStatusForNode
  const writeListed = async (nodeName: string, signal: AbortSignal): Promise<void> => {
    const node = nodes.lister.byKey(nodeName)
    if (node === undefined || !isManaged(node)) return
    const attached = attachments.lister
      .byIndex('node', nodeName)
      .filter(({ metadata }) => !withdrawn.has(metadata.name ?? ''))
      .flatMap((attachment) => {
        const uniqueName = volumeNameOf(attachment)
        return uniqueName === undefined ? [] : [{ uniqueName, attachment }]
      })
    const volumesAttached = listed(attached)
    if (sameList(node.status?.volumesAttached, volumesAttached)) return
    const status = { volumesAttached: volumesAttached.length === 0 ? null : volumesAttached }
    await found(client.patch(nodesRef, nodeName, { status }, { type: 'strategic', subresource: 'status', signal }))
  }

  // one worker: what is written about a node and about its volumes must not cross
  const reconcile = (key: string, signal: AbortSignal): Promise<void> =>
    key.includes('/') ? reconcileVolume(key, signal) : writeListed(key, signal)
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

/** The answer; undefined when what was asked for is gone. */
const found = <T>(asked: Promise<T>): Promise<T | undefined> =>
  asked.catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })

// pkg/controller/volume/attachdetach/attach_detach_controller.go
export const attachDetachController: Controller = { name, start }
