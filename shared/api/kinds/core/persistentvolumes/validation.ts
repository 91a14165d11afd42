import { deepEqual } from '../../../../machinery/deep.ts'
import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '../../../types/core-v1.ts'
import { checkImmutable } from '../../checks.ts'
import { checkNodeSelector } from '../../pod-spec/affinity.ts'
import { checkNoBacksteps } from '../../pod-spec/paths.ts'
import { checkQuantity } from '../../quantities.ts'
import { checkAccessModes, checkClassAndMode } from '../persistentvolumeclaims/validation.ts'

const path = new FieldPath('spec')
const policies = ['Delete', 'Recycle', 'Retain']
// what is not the volume's source
const others = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
])

// pkg/apis/core/validation/validation.go ValidatePersistentVolumeSpec
export function validate({ spec }: PersistentVolume): FieldError[] {
  const errors: FieldError[] = []
  checkAccessModes(spec.accessModes, '', errors)
  checkCapacity(spec, errors)
  const policy = spec.persistentVolumeReclaimPolicy
  if (policy && !policies.includes(policy))
    errors.push(notSupported(path.child('persistentVolumeReclaimPolicy'), policy, policies))
  if (spec.nodeAffinity) {
    const at = path.child('nodeAffinity', 'required')
    if (spec.nodeAffinity.required) checkNodeSelector(spec.nodeAffinity.required, at, errors)
    else errors.push(required(at, 'must specify required node constraints'))
  }
  checkSource(spec, errors)
  checkClassAndMode(spec, errors)
  return errors
}

function checkCapacity({ capacity = {} }: PersistentVolumeSpec, errors: FieldError[]): void {
  const at = path.child('capacity')
  const names = Object.keys(capacity)
  if (names.length === 0) errors.push(required(at))
  else if (names.length > 1 || names[0] !== 'storage') errors.push(notSupported(at, capacity, ['storage']))
  for (const name of names) {
    const amount = checkQuantity(name, capacity[name] ?? '', at.key(name), errors)
    if (amount?.isZero) errors.push(invalid(at.key(name), amount.toString(), 'must be greater than zero'))
  }
}

function checkSource(spec: PersistentVolumeSpec, errors: FieldError[]): void {
  const sources = Object.keys(spec).filter((field) => !others.has(field))
  if (sources.length === 0) errors.push(required(path, 'must specify a volume type'))
  for (const name of sources.slice(1))
    errors.push(forbidden(path.child(name), 'may not specify more than 1 volume type'))
  const { hostPath, nfs, local, csi } = spec
  for (const [name, source] of Object.entries({ hostPath, nfs, local })) {
    if (!source) continue
    const at = path.child(name, 'path')
    if (!source.path) errors.push(required(at))
    else checkNoBacksteps(source.path, at, errors)
  }
  if (nfs && !nfs.server) errors.push(required(path.child('nfs', 'server')))
  if (local && !spec.nodeAffinity)
    errors.push(required(path.child('nodeAffinity'), 'Local volume requires node affinity'))
  if (csi && !csi.driver) errors.push(required(path.child('csi', 'driver')))
  if (csi && !csi.volumeHandle) errors.push(required(path.child('csi', 'volumeHandle')))
  if (hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle')
    errors.push(
      forbidden(path.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"),
    )
}

// pkg/apis/core/validation/validation.go ValidatePersistentVolumeUpdate
export function validateUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors = validate(volume)
  const source = ({ spec }: PersistentVolume) => Object.entries(spec).filter(([field]) => !others.has(field))
  if (!deepEqual(Object.fromEntries(source(volume)), Object.fromEntries(source(old)))) {
    const text = 'spec.persistentvolumesource is immutable after creation\n'
    errors.push(forbidden(path.child('persistentvolumesource'), text))
  }
  checkImmutable(volume.spec.volumeMode, old.spec.volumeMode, new FieldPath('volumeMode'), errors)
  if (old.spec.nodeAffinity)
    checkImmutable(volume.spec.nodeAffinity, old.spec.nodeAffinity, new FieldPath('nodeAffinity'), errors)
  return errors
}
