import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../machinery/names.ts'
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '../../types/core-v1.ts'
import { checkLabelName } from '../checks.ts'
import { quantityOr } from '../quantities.ts'
import { checkFieldRef, checkResourceRef, volumeFields } from './fields.ts'
import { checkFileMode, checkFileName, checkNoBacksteps } from './paths.ts'

/**
 * Adds what is wrong with the volumes; returns those that containers may mount. `podName` is known for Pods only.
 */
// pkg/apis/core/validation/validation.go ValidateVolumes
export function checkVolumes(
  volumes: readonly Volume[],
  podName: string | undefined,
  path: FieldPath,
  errors: FieldError[],
): Map<string, Volume> {
  const found = new Map<string, Volume>()
  const created = new Set<string>()
  if (podName) for (const volume of volumes) if (volume.ephemeral) created.add(`${podName}-${volume.name}`)
  for (const [i, volume] of volumes.entries()) {
    const at = path.index(i)
    const own: FieldError[] = []
    checkSource(volume, podName, at, own)
    if (!volume.name) own.push(required(at.child('name')))
    else checkLabelName(volume.name, at.child('name'), own)
    if (found.has(volume.name)) own.push(duplicate(at.child('name'), volume.name))
    if (own.length === 0) found.set(volume.name, volume)
    else errors.push(...own)
    const claim = volume.persistentVolumeClaim?.claimName
    if (claim && created.has(claim)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume'
      errors.push(invalid(at.child('persistentVolumeClaim', 'claimName'), claim, detail))
    }
  }
  return found
}

type Check = (source: never, path: FieldPath, errors: FieldError[]) => void

const needs =
  (...fields: string[]): Check =>
  (source: Record<string, unknown>, path, errors) => {
    for (const field of fields) {
      const value = source[field]
      if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
        errors.push(required(path.child(field)))
    }
  }

// in upstream's order: the second type of two is the one that is refused
const sources: readonly (readonly [keyof Volume, Check])[] = [
  ['emptyDir', checkEmptyDir],
  ['hostPath', checkHostPath],
  ['gitRepo', needs('repository')],
  ['gcePersistentDisk', needs('pdName')],
  ['awsElasticBlockStore', needs('volumeID')],
  ['secret', checkSecret],
  ['nfs', checkNFS],
  ['iscsi', needs('targetPortal', 'iqn')],
  ['glusterfs', needs('endpoints', 'path')],
  ['flocker', needs()],
  ['persistentVolumeClaim', needs('claimName')],
  ['rbd', needs('monitors', 'image')],
  ['cinder', needs('volumeID')],
  ['cephfs', needs('monitors')],
  ['quobyte', needs('registry', 'volume')],
  ['downwardAPI', checkDownwardAPI],
  ['fc', needs()],
  ['flexVolume', needs('driver')],
  ['configMap', checkConfigMap],
  ['azureFile', needs('secretName', 'shareName')],
  ['vsphereVolume', needs('volumePath')],
  ['photonPersistentDisk', needs('pdID')],
  ['portworxVolume', needs('volumeID')],
  ['azureDisk', needs('diskName', 'diskURI')],
  ['storageos', needs()],
  ['projected', checkProjected],
  ['scaleIO', needs('gateway', 'system', 'volumeName')],
  ['csi', needs('driver')],
  ['ephemeral', checkEphemeral],
  ['image', checkImage],
]

function checkSource(volume: Volume, podName: string | undefined, path: FieldPath, errors: FieldError[]): void {
  let count = 0
  for (const [name, check] of sources) {
    const source = volume[name]
    if (source === undefined) continue
    if (count++ > 0) errors.push(forbidden(path.child(name), 'may not specify more than 1 volume type'))
    else check(source as never, path.child(name), errors)
  }
  if (count === 0) errors.push(required(path, 'must specify a volume type'))
  if (volume.ephemeral && podName && volume.name) {
    const claim = `${podName}-${volume.name}`
    for (const text of isDNS1123Subdomain(claim))
      errors.push(invalid(path.child('name'), volume.name, `PVC name "${claim}": ${text}`))
  }
}

function checkEmptyDir(source: NonNullable<Volume['emptyDir']>, path: FieldPath, errors: FieldError[]): void {
  const size = quantityOr(source.sizeLimit)
  if (source.sizeLimit !== undefined && (!size || size.sign < 0))
    errors.push(forbidden(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity'))
}

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

function checkHostPath(source: NonNullable<Volume['hostPath']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.path) {
    errors.push(required(path.child('path')))
    return
  }
  checkNoBacksteps(source.path, path.child('path'), errors)
  if (source.type !== undefined && !hostPathTypes.includes(source.type))
    errors.push(notSupported(path.child('type'), source.type, hostPathTypes))
}

function checkNFS(source: NonNullable<Volume['nfs']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.server) errors.push(required(path.child('server')))
  if (!source.path) errors.push(required(path.child('path')))
  if (!source.path?.startsWith('/'))
    errors.push(invalid(path.child('path'), source.path ?? '', 'must be an absolute path'))
}

function checkSecret(source: NonNullable<Volume['secret']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.secretName) errors.push(required(path.child('secretName')))
  checkFileMode(source.defaultMode, path.child('defaultMode'), errors)
  checkItems(source.items, path.child('items'), errors)
}

function checkConfigMap(source: NonNullable<Volume['configMap']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.name) errors.push(required(path.child('name')))
  checkFileMode(source.defaultMode, path.child('defaultMode'), errors)
  checkItems(source.items, path.child('items'), errors)
}

function checkItems(items: readonly KeyToPath[] | undefined, path: FieldPath, errors: FieldError[]): void {
  for (const [i, item] of (items ?? []).entries()) {
    const at = path.index(i)
    if (!item.key) errors.push(required(at.child('key')))
    if (!item.path) errors.push(required(at.child('path')))
    checkFileName(item.path ?? '', at.child('path'), errors)
    checkFileMode(item.mode, at.child('mode'), errors)
  }
}

function checkDownwardAPI(source: NonNullable<Volume['downwardAPI']>, path: FieldPath, errors: FieldError[]): void {
  checkFileMode(source.defaultMode, path.child('defaultMode'), errors)
  for (const item of source.items ?? []) checkDownwardAPIFile(item, path, errors)
}

function checkDownwardAPIFile(file: DownwardAPIVolumeFile, path: FieldPath, errors: FieldError[]): void {
  if (!file.path) errors.push(required(path.child('path')))
  checkFileName(file.path ?? '', path.child('path'), errors)
  if (file.fieldRef) {
    checkFieldRef(file.fieldRef, volumeFields, path.child('fieldRef'), errors)
    if (file.resourceFieldRef)
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
  } else if (file.resourceFieldRef)
    checkResourceRef(file.resourceFieldRef, true, path.child('resourceFieldRef'), errors)
  else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
  checkFileMode(file.mode, path.child('mode'), errors)
}

// pkg/apis/core/validation/validation.go validateProjectionSources
function checkProjected(projected: ProjectedVolumeSource, path: FieldPath, errors: FieldError[]): void {
  checkFileMode(projected.defaultMode, path.child('defaultMode'), errors)
  const paths = new Set<string>()
  const claim = (file: string | undefined, name: string) => {
    if (!file) return
    if (paths.has(file)) errors.push(invalid(path, name, 'conflicting duplicate paths'))
    paths.add(file)
  }
  for (const [i, source] of (projected.sources ?? []).entries()) {
    const at = path.child('sources').index(i)
    for (const kind of ['secret', 'configMap'] as const) {
      const from = source[kind]
      if (!from) continue
      if (!from.name) errors.push(required(at.child(kind, 'name')))
      checkItems(from.items, at.child(kind, 'items'), errors)
      for (const item of from.items ?? []) claim(item.path, from.name ?? '')
    }
    for (const file of source.downwardAPI?.items ?? []) {
      checkDownwardAPIFile(file, at.child('downwardAPI'), errors)
      claim(file.path, file.path)
    }
    checkToken(source, at, path, errors)
    if (Object.keys(source).length > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type'))
  }
}

function checkToken(source: VolumeProjection, at: FieldPath, path: FieldPath, errors: FieldError[]): void {
  const token = source.serviceAccountToken
  if (!token) return
  const seconds = token.expirationSeconds ?? 3600
  const where = at.child('serviceAccountToken', 'expirationSeconds')
  if (seconds < 600) errors.push(invalid(where, seconds, 'may not specify a duration less than 10 minutes'))
  if (seconds > 2 ** 32) errors.push(invalid(where, seconds, 'may not specify a duration larger than 2^32 seconds'))
  if (!token.path) errors.push(required(path.child('path')))
  else checkFileName(token.path, path.child('path'), errors)
}

function checkEphemeral(source: NonNullable<Volume['ephemeral']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.volumeClaimTemplate) errors.push(required(path.child('volumeClaimTemplate')))
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']

function checkImage(source: NonNullable<Volume['image']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.reference) errors.push(required(path.child('reference')))
  if (source.pullPolicy && !pullPolicies.includes(source.pullPolicy))
    errors.push(notSupported(path.child('pullPolicy'), source.pullPolicy, pullPolicies))
}
