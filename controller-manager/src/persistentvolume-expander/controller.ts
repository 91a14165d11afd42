import { persistentVolumeClaims, persistentVolumes } from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { hasGrown, plan, resizer } from './plan.ts'

const name = 'persistentvolume-expander-controller'
// pkg/controller/volume/expand/expand_controller.go NewExpandController
const component = 'volume_expand'
// pkg/controller/volume/expand/expand_controller.go defaultWorkerCount
const workers = 10

const start = (context: ControllerContext): Run => {
  const { client, informers } = context
  const recorder = context.recorder(component)
  const claims = informers.informer(persistentVolumeClaims)
  const queue = context.queue(name)
  const enqueue = (claim: PersistentVolumeClaim): void => {
    if (claim.status?.phase === 'Bound') queue.add(objectKey(claim))
  }
  claims.addHandler({
    add: enqueue,
    update: (old, claim) => {
      if (hasGrown(old, claim)) enqueue(claim)
    },
  })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const claim = claims.lister.byKey(key)
    if (claim === undefined) return
    const volume = await client.get(persistentVolumes, claim.spec.volumeName ?? '', { signal })
    const expansion = plan(claim, volume)
    if (expansion === undefined) return
    recorder.event(claim, 'Normal', 'ExternalExpanding', expansion.message)
    if (expansion.resizer === undefined || claim.metadata.annotations?.[resizer] === expansion.resizer) return
    const { uid, namespace } = claim.metadata
    const body = { metadata: { uid, annotations: { [resizer]: expansion.resizer } } }
    const options = { type: 'strategic', namespace, subresource: 'status', signal } as const
    try {
      await client.patch(persistentVolumeClaims, claim.metadata.name ?? '', body, options)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers, reconcile })
}

// pkg/controller/volume/expand/expand_controller.go
export const persistentVolumeExpanderController: Controller = { name, start }
