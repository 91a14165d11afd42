import type { PersistentVolumeClaim } from '../../../types/core-v1.ts'

// pkg/registry/core/persistentvolumeclaim/strategy.go PrepareForCreate
export function prepareForCreate(obj: PersistentVolumeClaim): void {
  obj.status = { phase: 'Pending' }
  fillDataSources(obj.spec)
}

// pkg/api/persistentvolumeclaim/util.go NormalizeDataSources: each of the two fields stands for the other
function fillDataSources(spec: PersistentVolumeClaim['spec']): void {
  const { dataSource, dataSourceRef } = spec
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource }
  else if (!dataSource && dataSourceRef && !dataSourceRef.namespace) {
    const { apiGroup, kind, name } = dataSourceRef
    // a claim has no group, and then the field is left out, whatever its type says
    if (apiGroup === undefined || kind === 'VolumeSnapshot')
      spec.dataSource = { ...(apiGroup !== undefined && { apiGroup }), kind, name } as NonNullable<typeof dataSource>
  }
}
