import { invalid, notSupported, required, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../../machinery/names.ts'
import type { PersistentVolumeSpec, Volume } from '../../types/core-v1.ts'
import { checkText } from '../checks.ts'
import { checkDriverName } from '../storage/parameters.ts'
import { checkNoBacksteps, checkRelativePath } from './paths.ts'

/** Sources that Pods and PersistentVolumes have in common; those of PersistentVolumes may have a few more fields. */
type Both<K extends keyof PersistentVolumeSpec & keyof Volume> = NonNullable<Volume[K]> &
  NonNullable<PersistentVolumeSpec[K]>

export type SourceCheck = (source: never, path: FieldPath, errors: FieldError[]) => void

/** Fields that must be set. */
export const needs =
  (...fields: string[]): SourceCheck =>
  (source: Record<string, unknown>, path, errors) => {
    for (const field of fields) {
      const value = source[field]
      if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
        errors.push(required(path.child(field)))
    }
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

export function checkHostPath(source: NonNullable<Volume['hostPath']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.path) {
    errors.push(required(path.child('path')))
    return
  }
  checkNoBacksteps(source.path, path.child('path'), errors)
  if (source.type !== undefined && !hostPathTypes.includes(source.type))
    errors.push(notSupported(path.child('type'), source.type, hostPathTypes))
}

export function checkNFS(source: NonNullable<Volume['nfs']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.server) errors.push(required(path.child('server')))
  if (!source.path) errors.push(required(path.child('path')))
  if (!source.path?.startsWith('/'))
    errors.push(invalid(path.child('path'), source.path ?? '', 'must be an absolute path'))
}

export function checkGitRepo(source: NonNullable<Volume['gitRepo']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.repository) errors.push(required(path.child('repository')))
  checkRelativePath(source.directory ?? '', path.child('directory'), errors)
}

/** gcePersistentDisk and awsElasticBlockStore. */
export const checkDisk =
  (id: 'pdName' | 'volumeID'): SourceCheck =>
  (source: { partition?: number } & Record<string, unknown>, path, errors) => {
    if (!source[id]) errors.push(required(path.child(id)))
    const { partition = 0 } = source
    if (partition < 0 || partition > 255)
      errors.push(invalid(path.child('partition'), partition, 'must be between 1 and 255, inclusive'))
  }

// [[:alnum:]-.] of Go's syntax
const patterns: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.[A-Za-z0-9\-.]+(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
}

function checkQualifiedName(name: string, otherText: string, path: FieldPath, errors: FieldError[]): void {
  const pattern = patterns[name.slice(0, 3)]
  if (!pattern) errors.push(invalid(path, name, otherText))
  else if (!pattern.test(name)) errors.push(invalid(path, name, 'must be valid format'))
}

// pkg/apis/core/validation/validation.go validateISCSIVolumeSource, validateISCSIPersistentVolumeSource
export const checkISCSI =
  (otherText: string): SourceCheck =>
  (source: Both<'iscsi'>, path, errors) => {
    if (!source.targetPortal) errors.push(required(path.child('targetPortal')))
    if (!source.iqn) errors.push(required(path.child('iqn')))
    else checkQualifiedName(source.iqn, otherText, path.child('iqn'), errors)
    const { lun = 0 } = source
    if (lun < 0 || lun > 255) errors.push(invalid(path.child('lun'), lun, 'must be between 0 and 255, inclusive'))
    if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef)
      errors.push(required(path.child('secretRef')))
    if (source.initiatorName !== undefined)
      checkQualifiedName(source.initiatorName, otherText, path.child('initiatorname'), errors)
  }

export function checkFC(source: NonNullable<Volume['fc']>, path: FieldPath, errors: FieldError[]): void {
  const { targetWWNs = [], wwids = [], lun } = source
  const at = path.child('targetWWNs')
  if (targetWWNs.length + wwids.length === 0)
    errors.push(required(at, 'must specify either targetWWNs or wwids, but not both'))
  if (targetWWNs.length > 0 && wwids.length > 0)
    errors.push(invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'))
  if (targetWWNs.length === 0) return
  if (lun === undefined) errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'))
  else if (lun < 0 || lun > 255) errors.push(invalid(path.child('lun'), lun, 'must be between 0 and 255, inclusive'))
}

export function checkFlocker(source: NonNullable<Volume['flocker']>, path: FieldPath, errors: FieldError[]): void {
  const { datasetName = '', datasetUUID = '' } = source
  if (!datasetName && !datasetUUID) errors.push(required(path, 'one of datasetName and datasetUUID is required'))
  if (datasetName && datasetUUID)
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
  if (datasetName.includes('/')) errors.push(invalid(path.child('datasetName'), datasetName, "must not contain '/'"))
}

export function checkQuobyte(source: NonNullable<Volume['quobyte']>, path: FieldPath, errors: FieldError[]): void {
  const text = 'must be a host:port pair or multiple pairs separated by commas'
  if (!source.registry) errors.push(required(path.child('registry'), text))
  else if ((source.tenant ?? '').length >= 65)
    errors.push(required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'))
  else
    for (const pair of source.registry.split(','))
      if (!/^([^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(pair))
        errors.push(invalid(path.child('registry'), source.registry, text))
  if (!source.volume) errors.push(required(path.child('volume')))
}

export function checkFlex(source: NonNullable<Volume['flexVolume']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.driver) errors.push(required(path.child('driver')))
  for (const key of Object.keys(source.options ?? {})) {
    const domain = `.${(key.split('/')[0] ?? '').toLowerCase()}`
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io'))
      errors.push(invalid(path.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved'))
  }
}

const caching = ['None', 'ReadOnly', 'ReadWrite']
const diskKinds = ['Dedicated', 'Managed', 'Shared']
const managedURI = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobURI = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

export function checkAzureDisk(source: NonNullable<Volume['azureDisk']>, path: FieldPath, errors: FieldError[]): void {
  const { diskName, diskURI = '', cachingMode, kind } = source
  if (!diskName) errors.push(required(path.child('diskName')))
  if (!diskURI) errors.push(required(path.child('diskURI')))
  if (cachingMode !== undefined && !caching.includes(cachingMode))
    errors.push(notSupported(path.child('cachingMode'), cachingMode, caching))
  if (kind !== undefined && !diskKinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, diskKinds))
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/'))
    errors.push(notSupported(path.child('diskURI'), diskURI, [managedURI]))
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://'))
    errors.push(notSupported(path.child('diskURI'), diskURI, [blobURI]))
}

/** A volume with an optional reference to a Secret, in a namespace of its own where `namespaced`. */
export const checkWithSecret =
  (field: string, namespaced: boolean): SourceCheck =>
  (source: Record<string, unknown> & { secretRef?: { name?: string; namespace?: string } }, path, errors) => {
    if (!source[field]) errors.push(required(path.child(field)))
    else if (field === 'volumeName') checkText(source[field] as string, isDNS1123Label, path.child(field), errors)
    const secret = source.secretRef
    if (!secret) return
    if (!secret.name) errors.push(required(path.child('secretRef', 'name')))
    if (namespaced && !secret.namespace) errors.push(required(path.child('secretRef', 'namespace')))
  }

// pkg/apis/core/validation/validation.go validateCSIVolumeSource
export function checkCSI(source: NonNullable<Volume['csi']>, path: FieldPath, errors: FieldError[]): void {
  checkDriverName(source.driver, path.child('driver'), errors)
  const secret = source.nodePublishSecretRef
  if (!secret) return
  if (!secret.name) errors.push(required(path.child('nodePublishSecretRef', 'name')))
  else checkText(secret.name, isDNS1123Subdomain, path.child('name'), errors)
}
