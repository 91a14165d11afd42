import { rm } from 'node:fs/promises'
import {
  persistentVolumeClaims,
  persistentVolumes,
  pods as podsRef,
  storageClasses,
} from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { bindCompleted, boundVolume } from '@kubets/shared/api/volume-binding.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf } from '../failure.ts'
import { claimKeysOf, indexByClaim } from '../pods/volume-claims.ts'
import { runLoop } from '../run-loop.ts'
import { boundClaim, claimStatus, forProvisioner } from './bind.ts'
import { planClaim, type ClaimEvent } from './plan-claim.ts'
import { deleterOf, isToRelease, planVolume, unbound } from './plan-volume.ts'

const name = 'persistentvolume-binder-controller'
// pkg/controller/volume/persistentvolume/pv_controller_base.go NewController
const component = 'persistentvolume-controller'

const start = (context: ControllerContext): Run => {
  const { client, informers } = context
  const recorder = context.recorder(component)
  const volumes = informers.informer(persistentVolumes)
  const claims = informers.informer(persistentVolumeClaims)
  const classes = informers.informer(storageClasses)
  const pods = informers.informer(podsRef)
  const podsOf = indexByClaim(pods)
  const claimQueue = context.queue('claims')
  const volumeQueue = context.queue('volumes')

  const claimKeyOf = ({ spec }: PersistentVolume): string | undefined =>
    spec.claimRef && `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`
  /** Upstream looks at every claim again four times a minute; here what may help one says so. */
  const wakeUnbound = (which: (claim: PersistentVolumeClaim) => boolean = () => true): void => {
    for (const claim of claims.lister.list())
      if (claim.metadata.annotations?.[bindCompleted] === undefined && which(claim)) claimQueue.add(objectKey(claim))
  }
  const volumeChanged = (volume: PersistentVolume): void => {
    volumeQueue.add(objectKey(volume))
    const claim = claimKeyOf(volume)
    if (claim === undefined) return wakeUnbound()
    claimQueue.add(claim)
    wakeUnbound(({ spec }) => spec.volumeName === volume.metadata.name)
  }
  volumes.addHandler({
    add: volumeChanged,
    update: (_, volume) => volumeChanged(volume),
    delete: (volume) => {
      const claim = claimKeyOf(volume)
      if (claim !== undefined) claimQueue.add(claim)
    },
  })
  claims.addHandler({
    add: (claim) => claimQueue.add(objectKey(claim)),
    update: (_, claim) => claimQueue.add(objectKey(claim)),
    delete: ({ spec }) => {
      if (spec.volumeName) volumeQueue.add(spec.volumeName)
    },
  })
  classes.addHandler({ add: () => wakeUnbound(), update: () => wakeUnbound() })
  const waitsForNode = ({ spec, status }: Pod): boolean =>
    !spec.nodeName && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
  pods.addHandler({
    add: (pod) => {
      if (waitsForNode(pod)) for (const key of claimKeysOf(pod)) claimQueue.add(key)
    },
  })

  const tell = (about: PersistentVolume | PersistentVolumeClaim, { type, reason, message }: ClaimEvent): void =>
    recorder.event(about, type, reason, message)

  /** Writes the status when it says anything new. */
  const writeClaimStatus = async (
    claim: PersistentVolumeClaim,
    status: PersistentVolumeClaim['status'],
    signal: AbortSignal,
  ): Promise<void> => {
    if (deepEqual(claim.status, status)) return
    await client.update(persistentVolumeClaims, { ...claim, status }, { subresource: 'status', signal })
  }
  const writePhase = async (
    volume: PersistentVolume,
    phase: string,
    signal: AbortSignal,
    message?: string,
  ): Promise<PersistentVolume> => {
    if (volume.status?.phase === phase) return volume
    const status = { ...volume.status, phase, message }
    return client.update(persistentVolumes, { ...volume, status }, { subresource: 'status', signal })
  }

  /** The volume first: whoever finds it bound and the claim not knows how to go on. */
  // pkg/controller/volume/persistentvolume/pv_controller.go bind
  const bind = async (volume: PersistentVolume, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> => {
    const pointing = boundVolume(volume, claim)
    const saved = pointing === volume ? volume : await client.update(persistentVolumes, pointing, { signal })
    await writePhase(saved, 'Bound', signal)
    const completed = boundClaim(claim, saved)
    const savedClaim = completed === claim ? claim : await client.update(persistentVolumeClaims, completed, { signal })
    await writeClaimStatus(savedClaim, claimStatus(savedClaim, 'Bound', saved), signal)
  }

  const reconcileClaim = async (key: string, signal: AbortSignal): Promise<void> => {
    const claim = claims.lister.byKey(key)
    if (claim === undefined) return
    const waitingPods = podsOf(key)
      .filter(waitsForNode)
      .map(({ metadata }) => metadata.name ?? '')
    const plan = planClaim(claim, { volumes: volumes.lister.list(), classes: classes.lister.list(), waitingPods })
    switch (plan.step) {
      case 'bind':
        return bind(plan.volume, claim, signal)
      case 'wait':
        if (plan.event !== undefined) tell(claim, plan.event)
        return writeClaimStatus(claim, claimStatus(claim, 'Pending'), signal)
      case 'assign-class': {
        const spec = { ...claim.spec, storageClassName: plan.name }
        await client.update(persistentVolumeClaims, { ...claim, spec }, { signal })
        return
      }
      case 'provision':
        return provision(claim, plan.provisioner, signal)
      case 'refuse':
        tell(claim, plan.event)
        if (plan.error !== undefined) throw new Error(plan.error)
        return
      case 'lose':
        if (claim.status?.phase === 'Lost') return
        await writeClaimStatus(claim, claimStatus(claim, 'Lost'), signal)
        tell(claim, plan.event)
    }
  }

  // pkg/controller/volume/persistentvolume/pv_controller.go provisionClaimOperationExternal
  const provision = async (claim: PersistentVolumeClaim, provisioner: string, signal: AbortSignal): Promise<void> => {
    const marked = forProvisioner(claim, provisioner)
    if (marked !== claim) await client.update(persistentVolumeClaims, marked, { signal })
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
    recorder.event(claim, 'Normal', 'ExternalProvisioning', message)
  }

  /** The claim that the volume points at; what is not in the cache, or is another of that name, is asked for. */
  const claimOf = async (volume: PersistentVolume, signal: AbortSignal): Promise<PersistentVolumeClaim | undefined> => {
    const { namespace, name: claimName = '', uid } = volume.spec.claimRef ?? {}
    const cached = claims.lister.byKey(claimKeyOf(volume) ?? '')
    if (uid === undefined || cached?.metadata.uid === uid) return cached
    if (!isToRelease(volume)) return undefined
    try {
      const stored = await client.get(persistentVolumeClaims, claimName, { namespace, signal })
      return stored.metadata.uid === uid ? stored : undefined
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  const fail = async (
    volume: PersistentVolume,
    reason: string,
    message: string,
    signal: AbortSignal,
  ): Promise<void> => {
    if (volume.status?.phase === 'Failed') return
    const failed = await writePhase(volume, 'Failed', signal, message)
    recorder.event(failed, 'Warning', reason, message)
  }

  // pkg/controller/volume/persistentvolume/pv_controller.go reclaimVolume
  const reclaim = async (volume: PersistentVolume, signal: AbortSignal): Promise<void> => {
    const released = isToRelease(volume) ? await writePhase(volume, 'Released', signal) : volume
    switch (released.spec.persistentVolumeReclaimPolicy) {
      case 'Delete':
        return remove(released, signal)
      case 'Recycle':
        return fail(released, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!', signal)
      default:
        return
    }
  }

  // pkg/controller/volume/persistentvolume/pv_controller.go deleteVolumeOperation
  const remove = async (volume: PersistentVolume, signal: AbortSignal): Promise<void> => {
    const deleter = deleterOf(volume)
    if ('by' in deleter && deleter.by === 'others') return
    try {
      if ('error' in deleter) throw new Error(deleter.error)
      await rm(deleter.path, { recursive: true, force: true })
    } catch (error) {
      await fail(volume, 'VolumeFailedDelete', messageOf(error), signal)
      throw error
    }
    await client.delete(persistentVolumes, volume.metadata.name ?? '', {
      preconditions: { uid: volume.metadata.uid },
      signal,
    })
  }

  const reconcileVolume = async (key: string, signal: AbortSignal): Promise<void> => {
    const volume = volumes.lister.byKey(key)
    if (volume === undefined) return
    const plan = planVolume(volume, await claimOf(volume, signal))
    switch (plan.step) {
      case 'phase':
        await writePhase(volume, plan.phase, signal)
        return
      case 'reclaim':
        return reclaim(volume, signal)
      case 'look-at-claim':
        claimQueue.add(claimKeyOf(volume) ?? '')
        return
      case 'mismatch': {
        recorder.event(volume, 'Warning', 'VolumeMismatch', plan.onVolume)
        const claim = claims.lister.byKey(claimKeyOf(volume) ?? '')
        if (claim !== undefined) recorder.event(claim, 'Warning', 'VolumeMismatch', plan.onClaim)
        return
      }
      case 'unbind':
        await writePhase(await client.update(persistentVolumes, unbound(volume), { signal }), 'Available', signal)
    }
  }

  const ignoringGone =
    (reconcile: (key: string, signal: AbortSignal) => Promise<void>) =>
    async (key: string, signal: AbortSignal): Promise<void> => {
      try {
        await reconcile(key, signal)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
  // one worker each, as upstream: two claims must not choose at the same time
  const runClaims = runLoop(context, {
    name,
    queue: claimQueue,
    workers: 1,
    reconcile: ignoringGone(reconcileClaim),
  })
  const runVolumes = runLoop(context, {
    name: `${name}-volumes`,
    queue: volumeQueue,
    workers: 1,
    reconcile: ignoringGone(reconcileVolume),
  })
  return async (signal) => {
    await Promise.all([runClaims(signal), runVolumes(signal)])
  }
}

// pkg/controller/volume/persistentvolume/pv_controller_base.go
export const persistentVolumeBinderController: Controller = { name, start }
