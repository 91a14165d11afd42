import { migrated } from '@kubets/shared/api/csi-migration.ts'
import type { PersistentVolume, Volume } from '@kubets/shared/api/types/core-v1.ts'
import type { CSINode } from '@kubets/shared/api/types/storage-v1.ts'

/** The driver that a volume is of, and what it tells it from its other volumes by. */
export interface DriverVolume {
  readonly driver: string
  readonly handle: string
}

// pkg/scheduler/framework/plugins/nodevolumelimits/utils.go isCSIMigrationOn: no others are attached, or none can be
const always: ReadonlySet<string> = new Set([
  'kubernetes.io/aws-ebs',
  'kubernetes.io/azure-disk',
  'kubernetes.io/cinder',
  'kubernetes.io/gce-pd',
])
const whereAnnotated = 'kubernetes.io/portworx-volume'
// k8s.io/api/core/v1/annotation_key_constants.go MigratedPluginsAnnotationKey
const migratedPlugins = 'storage.alpha.kubernetes.io/migrated-plugins'

/** Whether a driver took a plugin over, or every provisioner that is not Kubernetes' own. */
export const isMigratable = (plugin: string): boolean => migrated.has(plugin)

/** The driver that attaches a plugin's volumes on a node; undefined when none does that counts them. */
export function driverOn(csiNode: CSINode, plugin: string): string | undefined {
  const listed = (csiNode.metadata.annotations?.[migratedPlugins] ?? '').split(',')
  const isOn = always.has(plugin) || (plugin === whereAnnotated && listed.includes(plugin))
  return isOn ? migrated.get(plugin) : undefined
}

/** What the driver that took its plugin over knows a volume of a Pod, or a PersistentVolume, by; undefined for others. */
// staging/src/k8s.io/csi-translation-lib/plugins TranslateInTreePVToCSI, TranslateInTreeInlineVolumeToCSI
export function translated(
  source: Volume | NonNullable<PersistentVolume['spec']>,
  labels: Readonly<Record<string, string>> = {},
): { readonly plugin: string; readonly handle: string } | undefined {
  const { awsElasticBlockStore, azureDisk, cinder, gcePersistentDisk, portworxVolume } = source
  if (awsElasticBlockStore)
    return { plugin: 'kubernetes.io/aws-ebs', handle: awsElasticBlockStore.volumeID.replace(/^aws:\/\/.*\//, '') }
  if (azureDisk) return { plugin: 'kubernetes.io/azure-disk', handle: azureDisk.diskURI }
  if (cinder) return { plugin: 'kubernetes.io/cinder', handle: cinder.volumeID }
  if (gcePersistentDisk)
    return { plugin: 'kubernetes.io/gce-pd', handle: `${placeOf(labels)}/disks/${gcePersistentDisk.pdName}` }
  if (portworxVolume) return { plugin: whereAnnotated, handle: portworxVolume.volumeID }
  return undefined
}

/** A disk of several zones is one of their region. */
// staging/src/k8s.io/csi-translation-lib/plugins/gce_pd.go volIDZonalFmt, volIDRegionalFmt
function placeOf(labels: Readonly<Record<string, string>>): string {
  const label = labels['failure-domain.beta.kubernetes.io/zone'] || labels['topology.kubernetes.io/zone']
  const [zone = 'UNSPECIFIED', ...more] = label ? label.split('__') : []
  const place = more.length === 0 ? `zones/${zone}` : `regions/${zone.replace(/-[^-]*$/, '')}`
  return `projects/UNSPECIFIED/${place}`
}
