import {
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import type { Container, Volume, VolumeMount } from '../../types/core-v1.ts'
import { checkRelativePath } from './paths.ts'

type Volumes = ReadonlyMap<string, Volume>

// pkg/apis/core/validation/validation.go ValidateVolumeMounts
export function checkMounts(container: Container, volumes: Volumes, path: FieldPath, errors: FieldError[]): void {
  const devices = container.volumeDevices ?? []
  const seen = new Set<string>()
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    const at = path.index(i)
    if (!mount.name) errors.push(required(at.child('name')))
    if (!volumes.has(mount.name)) errors.push(notFound(at.child('name'), mount.name ?? ''))
    if (!mount.mountPath) errors.push(required(at.child('mountPath')))
    if (seen.has(mount.mountPath)) errors.push(invalid(at.child('mountPath'), mount.mountPath, 'must be unique'))
    seen.add(mount.mountPath)
    if (devices.some((device) => device.name === mount.name))
      errors.push(invalid(at.child('name'), mount.name, 'must not already exist in volumeDevices'))
    if (devices.some((device) => device.devicePath === mount.mountPath))
      errors.push(invalid(at.child('mountPath'), mount.mountPath, 'must not already exist as a path in volumeDevices'))
    if (mount.subPath) checkRelativePath(mount.subPath, path.child('subPath'), errors)
    if (mount.subPathExpr) {
      if (mount.subPath)
        errors.push(
          invalid(at.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
        )
      checkRelativePath(mount.subPathExpr, path.child('subPathExpr'), errors)
    }
    checkPropagation(mount, container, path.child('mountPropagation'), errors)
    checkRecursive(mount, path.child('recursiveReadOnly'), errors)
  }
}

const propagations = ['Bidirectional', 'HostToContainer', 'None']

function checkPropagation(mount: VolumeMount, container: Container, path: FieldPath, errors: FieldError[]): void {
  const mode = mount.mountPropagation
  if (mode === undefined) return
  if (!propagations.includes(mode)) errors.push(notSupported(path, mode, propagations))
  if (mode === 'Bidirectional' && !container.securityContext?.privileged)
    errors.push(forbidden(path, 'Bidirectional mount propagation is available only to privileged containers'))
}

const recursive = ['Disabled', 'Enabled', 'IfPossible']

function checkRecursive(mount: VolumeMount, path: FieldPath, errors: FieldError[]): void {
  const mode = mount.recursiveReadOnly
  if (mode === undefined || mode === 'Disabled') return
  if (!recursive.includes(mode)) {
    errors.push(notSupported(path, mode, recursive))
    return
  }
  if (!mount.readOnly) errors.push(forbidden(path, 'may only be specified when readOnly is true'))
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None')
    errors.push(forbidden(path, 'may only be specified when mountPropagation is None or not specified'))
}

// pkg/apis/core/validation/validation.go ValidateVolumeDevices
export function checkDevices(container: Container, volumes: Volumes, path: FieldPath, errors: FieldError[]): void {
  const mounts = container.volumeMounts ?? []
  const names = new Set<string>()
  const paths = new Set<string>()
  for (const [i, { name, devicePath }] of (container.volumeDevices ?? []).entries()) {
    const at = path.index(i)
    const volume = volumes.get(name)
    if (!name) errors.push(required(at.child('name')))
    if (names.has(name)) errors.push(invalid(at.child('name'), name, 'must be unique'))
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
      errors.push(invalid(at.child('name'), name, detail))
    }
    if (!volume) errors.push(notFound(at.child('name'), name ?? ''))
    if (!devicePath) errors.push(required(at.child('devicePath')))
    if (paths.has(devicePath)) errors.push(invalid(at.child('devicePath'), devicePath, 'must be unique'))
    if (devicePath?.split('/').includes('..'))
      errors.push(invalid(at.child('devicePath'), devicePath, "can not contain backsteps ('..')"))
    else paths.add(devicePath)
    if (mounts.some((mount) => mount.name === name))
      errors.push(invalid(at.child('name'), name, 'must not already exist in volumeMounts'))
    if (mounts.some((mount) => mount.mountPath === devicePath))
      errors.push(invalid(at.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts'))
    if (name) names.add(name)
  }
}
