import {
  nodes as nodesRef,
  persistentVolumeClaims,
  persistentVolumes,
  pods as podsRef,
  storageClasses,
} from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { selectedNode } from '@kubets/shared/api/volume-binding.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { Backoff } from './backoff.ts'
import { helperName, helperNamespace, volumeOfHelper } from './helper.ts'
import { isMade, isOurs, plan, type Failure, type Step } from './plan.ts'
import { className, localPathClass, provisioner, volumeNameOf } from './volume.ts'

const name = 'local-path-provisioner'
// sig-storage-lib-external-provisioner controller/controller.go DefaultThreadiness
const workers = 4
const byVolumeName = 'volume-name'

const start = (context: ControllerContext): Run | undefined => {
  const { client, informers, clock, log } = context
  const config = context.options.localPath
  if (config === undefined) return undefined
  const recorder = context.recorder(provisioner)
  const claims = informers.informer(persistentVolumeClaims)
  const volumes = informers.informer(persistentVolumes)
  const classes = informers.informer(storageClasses)
  const nodes = informers.informer(nodesRef)
  const pods = informers.informer(podsRef)
  /** Names of volumes, also of those that are not there yet; and of the class, at the start. */
  const queue = context.queue(name)
  const backoff = new Backoff()

  claims.addIndex(byVolumeName, (claim) => [volumeNameOf(claim)])
  const claimChanged = (claim: PersistentVolumeClaim): void => {
    if (isOurs(claim)) queue.add(volumeNameOf(claim))
  }
  claims.addHandler({ add: claimChanged, update: (_, claim) => claimChanged(claim), delete: claimChanged })
  const volumeChanged = (volume: PersistentVolume): void => {
    if (isMade(volume)) queue.add(volume.metadata.name ?? '')
  }
  volumes.addHandler({ add: volumeChanged, update: (_, volume) => volumeChanged(volume), delete: volumeChanged })
  const podChanged = (pod: Pod): void => {
    const helped = volumeOfHelper(pod)
    if (helped !== undefined) queue.add(helped)
  }
  pods.addHandler({ add: podChanged, update: (_, pod) => podChanged(pod), delete: podChanged })

  const tell = (told: Failure['told']): void => {
    for (const { about, type, reason, message } of told) recorder.event(about, type, reason, message)
  }
  const endHelper = async ({ metadata }: Pod, signal: AbortSignal): Promise<void> => {
    const { name: pod = '', namespace, uid } = metadata
    await client.delete(podsRef, pod, { namespace, preconditions: { uid }, signal })
  }

  const fail = async (key: string, failure: Failure, signal: AbortSignal): Promise<void> => {
    tell(failure.told)
    log.error({ controller: name, key, problem: failure.error }, 'a volume could not be made or deleted')
    if (failure.retry) queue.addAfter(key, backoff.failed(key, clock.elapsed()))
    if (failure.ended !== undefined) await endHelper(failure.ended, signal)
    if (failure.unselect === undefined) return
    // the scheduler looks for another node
    const { [selectedNode]: _, ...annotations } = failure.unselect.metadata.annotations ?? {}
    const unselected = { ...failure.unselect, metadata: { ...failure.unselect.metadata, annotations } }
    await client.update(persistentVolumeClaims, unselected, { signal })
  }

  const act = async (key: string, step: Step, signal: AbortSignal): Promise<void> => {
    switch (step.step) {
      case 'start':
        await client.create(podsRef, step.pod, { namespace: helperNamespace, signal })
        return tell(step.told)
      case 'wait':
        return queue.addAfter(key, step.ms)
      case 'create':
        await client.create(persistentVolumes, step.volume, { signal })
        return tell(step.told)
      case 'delete': {
        const { name: volume = '', uid } = step.volume.metadata
        await client.delete(persistentVolumes, volume, { preconditions: { uid }, signal })
        return
      }
      case 'end':
        return endHelper(step.pod, signal)
      case 'fail':
        return fail(key, step, signal)
      case 'nothing':
    }
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    if (key === className) return bringClass(signal)
    const claim = claims.lister.byIndex(byVolumeName, key)[0]
    const found = volumes.lister.byKey(key)
    const volume = found !== undefined && isMade(found) ? found : undefined
    const helper = (action: 'create' | 'delete'): Pod | undefined =>
      pods.lister.get(helperName(action, key), helperNamespace)
    const seen = {
      claim,
      volume,
      creating: helper('create'),
      removing: helper('delete'),
      storageClass: (of: string) => classes.lister.byKey(of),
      node: (of: string) => nodes.lister.byKey(of),
    }
    const step = plan(seen, config, clock.now())
    if (step.step === 'create' || (claim === undefined && volume === undefined)) backoff.forget(key)
    const left = backoff.left(key, clock.elapsed())
    if (left > 0 && (step.step === 'start' || step.step === 'fail')) return queue.addAfter(key, left)
    try {
      await act(key, step, signal)
    } catch (error) {
      // the cache does not show it yet
      if (!isAlreadyExists(error) && !isNotFound(error)) throw error
    }
  }

  const bringClass = async (signal: AbortSignal): Promise<void> => {
    if (classes.lister.byKey(className) !== undefined) return
    try {
      await client.create(storageClasses, localPathClass(classes.lister.list()), { signal })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }

  const run = runLoop(context, { name, queue, workers, reconcile })
  return (signal) => {
    queue.add(className)
    return run(signal)
  }
}

/** Makes volumes of folders on nodes, as k3s and kind have it; switched on by --local-path-dir. */
// rancher/local-path-provisioner, on sig-storage-lib-external-provisioner controller/controller.go
export const localPathProvisioner: Controller = { name, start }
