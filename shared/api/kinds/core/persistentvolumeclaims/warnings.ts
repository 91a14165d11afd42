import { FieldPath } from '../../../../machinery/fieldpath.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../types/core-v1.ts'
import { fractionWarnings } from '../../quantities.ts'

const betaClass = 'volume.beta.kubernetes.io/storage-class'

// pkg/api/persistentvolumeclaim/util.go GetWarningsForPersistentVolumeClaimSpec
export function claimWarnings(spec: PersistentVolumeClaimSpec | undefined, path: FieldPath): string[] {
  return (['requests', 'limits'] as const).flatMap((list) =>
    fractionWarnings(spec?.resources?.[list], ['storage'], path.child('resources', list)),
  )
}

// pkg/api/persistentvolumeclaim/util.go GetWarningsForPersistentVolumeClaim
export function warningsOf({ metadata, spec }: PersistentVolumeClaim): string[] {
  const found: string[] = []
  if (metadata.annotations?.[betaClass] !== undefined)
    found.push(`metadata.annotations[${betaClass}]: deprecated since v1.8; use "storageClassName" attribute instead`)
  return found.concat(claimWarnings(spec, new FieldPath('spec')))
}
