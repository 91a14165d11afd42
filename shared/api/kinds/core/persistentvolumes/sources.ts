import { forbidden, invalid, required, type FieldError, type FieldPath } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { PersistentVolumeSpec, SecretReference } from '../../../types/core-v1.ts'
import { checkText } from '../../checks.ts'
import { checkNoBacksteps } from '../../pod-spec/paths.ts'
import {
  checkAzureDisk,
  checkDisk,
  checkFC,
  checkFlex,
  checkFlocker,
  checkHostPath,
  checkISCSI,
  checkNFS,
  checkQuobyte,
  checkWithSecret,
  needs,
  type SourceCheck,
} from '../../pod-spec/volume-sources.ts'
import { checkDriverName } from '../../storage/parameters.ts'

type Source<K extends keyof PersistentVolumeSpec> = NonNullable<PersistentVolumeSpec[K]>

// in upstream's order: the second type of two is the one that is refused
const sources: readonly (readonly [keyof PersistentVolumeSpec, SourceCheck])[] = [
  ['hostPath', checkHostPath],
  ['gcePersistentDisk', checkDisk('pdName')],
  ['awsElasticBlockStore', checkDisk('volumeID')],
  ['glusterfs', checkGlusterfs],
  ['flocker', checkFlocker],
  ['nfs', checkNFS],
  ['rbd', needs('monitors', 'image')],
  ['quobyte', checkQuobyte],
  ['cephfs', needs('monitors')],
  ['iscsi', checkISCSIVolume],
  ['cinder', checkWithSecret('volumeID', true)],
  ['fc', checkFC],
  ['flexVolume', checkFlex],
  ['azureFile', checkAzureFile],
  ['vsphereVolume', needs('volumePath')],
  ['photonPersistentDisk', needs('pdID')],
  ['portworxVolume', needs('volumeID')],
  ['azureDisk', checkAzureDisk],
  ['scaleIO', needs('gateway', 'system', 'volumeName')],
  ['local', checkLocal],
  ['storageos', checkWithSecret('volumeName', true)],
  ['csi', checkCSIVolume],
]

export const sourceNames: ReadonlySet<string> = new Set(sources.map(([name]) => name))

/** Adds what is wrong with where the volume's bytes are. */
export function checkVolumeSource(spec: PersistentVolumeSpec, path: FieldPath, errors: FieldError[]): void {
  let count = 0
  for (const [name, check] of sources) {
    const source = spec[name]
    if (source === undefined) continue
    const at = path.child(name === 'gcePersistentDisk' ? 'persistentDisk' : name)
    if (count++ > 0) errors.push(forbidden(path.child(name), 'may not specify more than 1 volume type'))
    else {
      check(source as never, at, errors)
      if (name === 'local' && !spec.nodeAffinity)
        errors.push(required(path.child('nodeAffinity'), 'Local volume requires node affinity'))
    }
  }
  if (count === 0) errors.push(required(path, 'must specify a volume type'))
}

function checkGlusterfs(source: Source<'glusterfs'>, path: FieldPath, errors: FieldError[]): void {
  needs('endpoints', 'path')(source as never, path, errors)
  const { endpointsNamespace: namespace } = source
  const at = path.child('endpointsNamespace')
  if (namespace === '')
    errors.push(invalid(at, namespace, 'if the endpointnamespace is set, it must be a valid namespace name'))
  else if (namespace !== undefined) checkText(namespace, isDNS1123Label, at, errors)
}

function checkISCSIVolume(source: Source<'iscsi'>, path: FieldPath, errors: FieldError[]): void {
  checkISCSI('must be valid format')(source as never, path, errors)
  if (source.secretRef && !source.secretRef.name) errors.push(required(path.child('secretRef', 'name')))
}

function checkAzureFile(source: Source<'azureFile'>, path: FieldPath, errors: FieldError[]): void {
  needs('secretName', 'shareName')(source as never, path, errors)
  if (source.secretNamespace === '') errors.push(required(path.child('secretNamespace')))
}

function checkLocal(source: Source<'local'>, path: FieldPath, errors: FieldError[]): void {
  if (!source.path) errors.push(required(path.child('path')))
  else checkNoBacksteps(source.path, path.child('path'), errors)
}

const secrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

// pkg/apis/core/validation/validation.go validateCSIPersistentVolumeSource
function checkCSIVolume(source: Source<'csi'>, path: FieldPath, errors: FieldError[]): void {
  checkDriverName(source.driver, path.child('driver'), errors)
  if (!source.volumeHandle) errors.push(required(path.child('volumeHandle')))
  for (const field of secrets) if (source[field]) checkSecret(source[field], path.child(field), errors)
}

// pkg/apis/core/validation/validation.go validatePVSecretReference
function checkSecret({ name, namespace }: SecretReference, path: FieldPath, errors: FieldError[]): void {
  if (!name) errors.push(required(path.child('name')))
  else checkText(name, isDNS1123Subdomain, path.child('name'), errors)
  if (!namespace) errors.push(required(path.child('namespace')))
  else checkText(namespace, isDNS1123Label, path.child('namespace'), errors)
}
