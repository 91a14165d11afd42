import type { APIService } from '../../../types/apiregistration-v1.ts'
import { resetMetaForStatus } from '../../strategy.ts'

// kube-aggregator/pkg/registry/apiservice/strategy.go PrepareForCreate: what this server has itself is there at once
export function prepareForCreate(obj: APIService): void {
  if (obj.spec.service !== undefined) return
  obj.status = {
    conditions: [
      {
        type: 'Available',
        status: 'True',
        reason: 'Local',
        message: 'Local APIServices are always available',
        ...(obj.metadata.creationTimestamp === undefined ? {} : { lastTransitionTime: obj.metadata.creationTimestamp }),
      },
    ],
  }
}

export const prepareForStatusUpdate = resetMetaForStatus
