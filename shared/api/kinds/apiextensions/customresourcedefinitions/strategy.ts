import { resetMetaForStatus } from '../../strategy.ts'

// apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go statusStrategy.PrepareForUpdate
export const prepareForStatusUpdate = resetMetaForStatus
