import type { PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { expect, it } from 'vitest'
import { folderOf } from './path-pattern.ts'

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: 'c',
    namespace: 'ns',
    uid: 'u',
    labels: { app: 'web' },
    annotations: { 'example.com/tier': 'gold', up: '../../..' },
  },
  spec: { accessModes: ['ReadWriteOnce'] },
}
const own = '{{ .PVC.Namespace }}/{{ .PVC.Name }}'
const folder = (pattern: string, unsafe?: string): string => folderOf(pattern, claim, { volumeName: 'pvc-u', unsafe })

it.each<[string, string | undefined, string]>([
  [`${own}/{{ .PVName }}`, undefined, 'ns/c/pvc-u'],
  [`${own}/`, undefined, 'ns/c'],
  ['{{.PVC.Namespace}}/{{.PVC.Name}}/data', undefined, 'ns/c/data'],
  [`${own}/{{ .PVC.Labels.app }}`, undefined, 'ns/c/web'],
  [`${own}/{{ index .PVC.Annotations "example.com/tier" }}`, undefined, 'ns/c/gold'],
  [`${own}/{{ .PVC.UID }}/{{ .PVC.Labels.no }}`, undefined, 'ns/c/u/<no value>'],
  [`${own}/x{{ index .PVC.Labels "no" }}`, undefined, 'ns/c/x'],
  ['ns/c/fixed', undefined, 'ns/c/fixed'],
  ['shared/{{ .PVC.Name }}', 'true', 'shared/c'],
  ['/shared', '1', 'shared'],
])('%s (unsafe: %s) is %s', (pattern, unsafe, want) => expect(folder(pattern, unsafe)).toBe(want))

const mustStart = 'pathPattern must start with {{ .PVC.Namespace }}/{{ .PVC.Name }}/: '
it.each<[string, string | undefined, string]>([
  ['shared', undefined, `${mustStart}shared`],
  ['shared', 'false', `${mustStart}shared`],
  ['shared', 'perhaps', `${mustStart}shared`],
  ['{{ .PVC.Namespace }}/{{ .PVC.Name }}', undefined, `${mustStart}ns/c`],
  [`${own}/../other`, undefined, `${mustStart}ns/c/../other`],
  [`${own}/{{ .PVC.Annotations.up }}`, undefined, 'ns/c/../../.. is no folder below that of all volumes'],
  ['../x', 'true', '../x is no folder below that of all volumes'],
  ['', 'true', ' is no folder below that of all volumes'],
  [`${own}/{{ .PVC.Spec }}`, undefined, '{{ .PVC.Spec }} is not supported'],
  [`${own}/{{ if true }}x{{ end }}`, undefined, '{{ if true }} is not supported'],
  [`${own}/{{ .PVName`, undefined, 'unclosed action'],
])('%s (unsafe: %s) is refused: %s', (pattern, unsafe, why) =>
  expect(() => folder(pattern, unsafe)).toThrow(new Error(`failed to create volume from pattern ${pattern}: ${why}`)),
)
