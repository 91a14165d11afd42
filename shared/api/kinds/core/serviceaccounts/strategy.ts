import type { ServiceAccount } from '../../../types/core-v1.ts'

// pkg/registry/core/serviceaccount/strategy.go cleanSecretReferences: a Secret is of the same namespace, so its name is all
function keepNames(obj: ServiceAccount): void {
  if (obj.secrets) obj.secrets = obj.secrets.map(({ name }) => (name === undefined ? {} : { name }))
}

export function prepareForCreate(obj: ServiceAccount): void {
  keepNames(obj)
}

export function prepareForUpdate(obj: ServiceAccount): void {
  keepNames(obj)
}
