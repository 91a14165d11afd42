import { FieldPath } from '../../../../machinery/fieldpath.ts'
import type { PersistentVolume } from '../../../types/core-v1.ts'
import { deprecatedLabel } from '../../pod-spec/deprecated-labels.ts'
import { fractionWarnings } from '../../quantities.ts'

const betaClass = 'volume.beta.kubernetes.io/storage-class'
const mountOptions = 'volume.beta.kubernetes.io/mount-options'
const recycle =
  'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'

const deprecated = {
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
} as const

// pkg/api/persistentvolume/util.go warningsForPersistentVolume
export function warningsOf({ metadata, spec }: PersistentVolume): string[] {
  const found: string[] = []
  const path = new FieldPath('spec')
  const annotated = new FieldPath('metadata', 'annotations')
  if (metadata.annotations?.[betaClass] !== undefined)
    found.push(`${annotated.key(betaClass)}: deprecated since v1.8; use "storageClassName" attribute instead`)
  if (metadata.annotations?.[mountOptions] !== undefined)
    found.push(`${annotated.key(mountOptions)}: deprecated since v1.31; use "mountOptions" attribute instead`)
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    found.push(`${path.child('persistentVolumeReclaimPolicy')}: ${recycle}`)
  for (const [i, term] of (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries())
    for (const [j, { key }] of (term.matchExpressions ?? []).entries()) {
      const text = deprecatedLabel(key)
      const at = path.child('nodeAffinity', 'required', 'nodeSelectorTerms').index(i).child('matchExpressions').index(j)
      if (text) found.push(`${at.child('key')}: ${key} is ${text}`)
    }
  for (const [source, text] of Object.entries(deprecated))
    if (spec[source as keyof typeof deprecated]) found.push(`${path.child(source)}: ${text}`)
  return found.concat(fractionWarnings(spec.capacity, ['storage'], path.child('capacity')))
}
