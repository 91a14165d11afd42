import { posix } from 'node:path'
import type { PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'

const noValue = '<no value>'

/**
 * What a pattern says for a claim: its actions are Go templates that name a field of the claim's metadata (`.PVC.Name`,
 * `.PVC.Labels.x`, `index .PVC.Annotations "a/b"`) or the volume (`.PVName`). Throws for any other action.
 */
// rancher/local-path-provisioner provisioner.go pathFromPattern
function render(pattern: string, { metadata }: PersistentVolumeClaim, volumeName: string): string {
  const maps: Readonly<Record<string, Record<string, string> | undefined>> = {
    Labels: metadata.labels,
    Annotations: metadata.annotations,
  }
  const fields: Readonly<Record<string, string | undefined>> = {
    '.PVName': volumeName,
    '.PVC.Name': metadata.name,
    '.PVC.Namespace': metadata.namespace,
    '.PVC.UID': metadata.uid,
  }
  const entry = (map: string, key: string): string | undefined => {
    const entries = maps[map] ?? {}
    return Object.hasOwn(entries, key) ? entries[key] : undefined
  }
  const valueOf = (action: string): string => {
    if (Object.hasOwn(fields, action)) return fields[action] ?? ''
    const [, map = '', key = ''] = /^\.PVC\.(Labels|Annotations)\.([A-Za-z_]\w*)$/.exec(action) ?? []
    if (map !== '') return entry(map, key) ?? noValue
    const [, indexed = '', quoted = ''] = /^index\s+\.PVC\.(Labels|Annotations)\s+"([^"\\]*)"$/.exec(action) ?? []
    if (indexed !== '') return entry(indexed, quoted) ?? ''
    throw new Error(`{{ ${action} }} is not supported`)
  }
  return pattern
    .replace(/\{\{(.*?)\}\}/gs, (_, action: string) => valueOf(action.trim()))
    .replace(/^.*\{\{.*$/s, () => {
      throw new Error('unclosed action')
    })
}

/** True where `allowUnsafePathPattern` says so: anything else that is said is no. */
// strconv.ParseBool
const isTrue = (text: string | undefined): boolean => /^(1|t|T|TRUE|true|True)$/.test(text ?? '')

/**
 * The folder that a pattern gives a claim, relative to that of all volumes. Throws why there can be none: unless it may be
 * unsafe, it must be in a folder of the claim's own; outside of the folder of all volumes it may never be.
 */
// rancher/local-path-provisioner provisioner.go provisionFor, pathFromPattern
export function folderOf(
  pattern: string,
  claim: PersistentVolumeClaim,
  { volumeName, unsafe }: { volumeName: string; unsafe: string | undefined },
): string {
  const { namespace = '', name = '' } = claim.metadata
  const failed = (why: string): Error => new Error(`failed to create volume from pattern ${pattern}: ${why}`)
  let rendered: string
  try {
    rendered = render(pattern, claim, volumeName)
  } catch (error) {
    throw failed((error as Error).message)
  }
  const folder = posix.normalize(rendered).replace(/^\/+|\/+$/g, '')
  if (folder === '.' || folder === '' || folder === '..' || folder.startsWith('../'))
    throw failed(`${rendered} is no folder below that of all volumes`)
  const own = `${namespace}/${name}/`
  if (!isTrue(unsafe) && !(rendered.startsWith(own) && `${folder}/`.startsWith(own)))
    throw failed(`pathPattern must start with {{ .PVC.Namespace }}/{{ .PVC.Name }}/: ${rendered}`)
  return folder
}
