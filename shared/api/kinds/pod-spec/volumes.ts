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
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '../../types/core-v1.ts'
import { checkLabelName, checkLabelSelector } from '../checks.ts'
import { checkClaimSpec } from '../core/persistentvolumeclaims/spec.ts'
import { checkAnnotations, checkLabels } from '../meta.ts'
import { quantityOr } from '../quantities.ts'
import { checkSignerName } from '../signer-name.ts'
import { checkFieldRef, checkResourceRef, volumeFields } from './fields.ts'
import { checkFileMode, checkFileName } from './paths.ts'
import {
  checkAzureDisk,
  checkCSI,
  checkDisk,
  checkFC,
  checkFlex,
  checkFlocker,
  checkGitRepo,
  checkHostPath,
  checkISCSI,
  checkNFS,
  checkQuobyte,
  checkWithSecret,
  needs,
  type SourceCheck,
} from './volume-sources.ts'

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

// in upstream's order: the second type of two is the one that is refused
const sources: readonly (readonly [keyof Volume, SourceCheck])[] = [
  ['emptyDir', checkEmptyDir],
  ['hostPath', checkHostPath],
  ['gitRepo', checkGitRepo],
  ['gcePersistentDisk', checkDisk('pdName')],
  ['awsElasticBlockStore', checkDisk('volumeID')],
  ['secret', checkSecret],
  ['nfs', checkNFS],
  ['iscsi', checkISCSI('must be valid format starting with iqn, eui, or naa')],
  ['glusterfs', needs('endpoints', 'path')],
  ['flocker', checkFlocker],
  ['persistentVolumeClaim', needs('claimName')],
  ['rbd', needs('monitors', 'image')],
  ['cinder', checkWithSecret('volumeID', false)],
  ['cephfs', needs('monitors')],
  ['quobyte', checkQuobyte],
  ['downwardAPI', checkDownwardAPI],
  ['fc', checkFC],
  ['flexVolume', checkFlex],
  ['configMap', checkConfigMap],
  ['azureFile', needs('secretName', 'shareName')],
  ['vsphereVolume', needs('volumePath')],
  ['photonPersistentDisk', needs('pdID')],
  ['portworxVolume', needs('volumeID')],
  ['azureDisk', checkAzureDisk],
  ['storageos', checkWithSecret('volumeName', false)],
  ['projected', checkProjected],
  ['scaleIO', needs('gateway', 'system', 'volumeName')],
  ['csi', checkCSI],
  ['ephemeral', checkEphemeral],
  ['image', checkImage],
]

/** Where upstream's paths are not the field's name. */
const oddPaths: Partial<Record<keyof Volume, string>> = { gcePersistentDisk: 'persistentDisk' }
const oddPathsOfSeconds: Partial<Record<keyof Volume, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' }

function checkSource(volume: Volume, podName: string | undefined, path: FieldPath, errors: FieldError[]): void {
  let count = 0
  for (const [name, check] of sources) {
    const source = volume[name]
    if (source === undefined) continue
    const at = path.child(oddPaths[name] ?? name)
    if (count++ > 0) {
      const second = path.child(oddPathsOfSeconds[name] ?? name)
      errors.push(forbidden(second, 'may not specify more than 1 volume type'))
    } else check(source as never, at, errors)
  }
  if (count === 0) errors.push(required(path, 'must specify a volume type'))
  const { iscsi } = volume
  if (iscsi?.initiatorName !== undefined && `${volume.name}:${iscsi.targetPortal}`.length > 64) {
    const detail =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
    errors.push(invalid(path.child('name'), volume.name, detail))
  }
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
    if (source.clusterTrustBundle) {
      checkTrustBundle(source.clusterTrustBundle, at.child('clusterTrustBundle'), errors)
      claim(source.clusterTrustBundle.path, source.clusterTrustBundle.path)
    }
    if (source.podCertificate) checkPodCertificate(source.podCertificate, at.child('podCertificate'), claim, errors)
    if (Object.keys(source).length > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type per source'))
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

// pkg/apis/core/validation/validation.go validateProjectionSources
function checkTrustBundle(source: ClusterTrustBundleProjection, path: FieldPath, errors: FieldError[]): void {
  const { name, signerName } = source
  if (name !== undefined && signerName !== undefined)
    errors.push(invalid(path, source, 'only one of name and signerName may be used'))
  else if (name !== undefined) {
    if (name === '') errors.push(required(path.child('name'), 'must be a valid object name'))
    // one of a signer has the signer's name before the last colon
    for (const text of isDNS1123Subdomain(name.slice(name.lastIndexOf(':') + 1)))
      errors.push(invalid(path.child('name'), name, `not a valid clustertrustbundlename: ${text}`))
    if (source.labelSelector) {
      const detail = 'labelSelector must be unset if name is specified'
      errors.push(invalid(path.child('labelSelector'), source.labelSelector, detail))
    }
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(required(path.child('signerName'), 'must be a valid signer name'))
    checkSignerName(signerName, path.child('signerName'), errors)
    checkLabelSelector(source.labelSelector, path.child('labelSelector'), errors)
  } else errors.push(required(path, 'either name or signerName must be specified'))
  if (!source.path) errors.push(required(path.child('path')))
  checkFileName(source.path ?? '', path.child('path'), errors)
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']
const oneHour = 3600
const oneDay = 86_400
const mostDays = 91

// pkg/apis/core/validation/validation.go validateProjectionSources
function checkPodCertificate(
  source: PodCertificateProjection,
  path: FieldPath,
  claim: (file: string | undefined, name: string) => void,
  errors: FieldError[],
): void {
  checkSignerName(source.signerName ?? '', path.child('signerName'), errors)
  if (!keyTypes.includes(source.keyType ?? ''))
    errors.push(notSupported(path.child('keyType'), source.keyType ?? '', keyTypes))
  const seconds = source.maxExpirationSeconds
  const at = path.child('maxExpirationSeconds')
  if (seconds !== undefined && seconds < oneHour)
    errors.push(invalid(at, seconds, 'if provided, maxExpirationSeconds must be >= 3600'))
  // signers of Kubernetes itself give certificates for a day at most
  const [domain = ''] = (source.signerName ?? '').split('/')
  const most = `.${domain}`.endsWith('.kubernetes.io') ? oneDay : mostDays * oneDay
  if (seconds !== undefined && seconds > most)
    errors.push(invalid(at, seconds, `if provided, maxExpirationSeconds must be <= ${most}`))
  const files = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const
  if (files.every((file) => !source[file])) {
    const detail = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'
    errors.push(required(path, detail))
  }
  for (const file of files) {
    if (!source[file]) continue
    checkFileName(source[file], path.child(file), errors)
    claim(source[file], source[file])
  }
}

function checkEphemeral(source: NonNullable<Volume['ephemeral']>, path: FieldPath, errors: FieldError[]): void {
  const template = source.volumeClaimTemplate
  const at = path.child('volumeClaimTemplate')
  if (!template) {
    errors.push(required(at))
    return
  }
  // pkg/apis/core/validation/validation.go ValidateTemplateObjectMeta
  const { labels, annotations, ...rest } = template.metadata ?? {}
  checkAnnotations(annotations, at.child('metadata', 'annotations'), errors)
  checkLabels(labels, at.child('metadata', 'labels'), errors)
  for (const field of Object.keys(rest)) errors.push(forbidden(at.child('metadata', field), 'cannot be set'))
  checkClaimSpec(template.spec, at.child('spec'), errors)
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']

function checkImage(source: NonNullable<Volume['image']>, path: FieldPath, errors: FieldError[]): void {
  if (!source.reference) errors.push(required(path.child('reference')))
  if (source.pullPolicy && !pullPolicies.includes(source.pullPolicy))
    errors.push(notSupported(path.child('pullPolicy'), source.pullPolicy, pullPolicies))
}
