import type { CustomResourceDefinition } from '../../../types/apiextensions-v1.ts'

// apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go PrepareForCreate
export function prepareForCreate(obj: CustomResourceDefinition): void {
  const stored = (obj.spec.versions ?? []).filter((version) => version.storage)
  obj.status = {
    conditions: [],
    acceptedNames: { plural: '', kind: '' },
    storedVersions: stored.map((version) => version.name),
  }
}

// apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go PrepareForUpdate: versions once stored
// stay on the list until someone has migrated them
export function prepareForUpdate(obj: CustomResourceDefinition, old: CustomResourceDefinition): void {
  const stored = (obj.spec.versions ?? []).find((version) => version.storage)?.name
  const list = old.status?.storedVersions ?? []
  if (obj.status && stored && !list.includes(stored)) obj.status.storedVersions = [...list, stored]
}
