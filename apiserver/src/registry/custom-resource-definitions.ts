import {
  cleanupFinalizer,
  setCondition,
} from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/conditions.ts'
import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import type { Behaviour } from './behaviour.ts'

/** A definition stays, terminating, until its objects are gone. */
// apiextensions-apiserver/pkg/registry/customresourcedefinition/etcd.go Delete
export const customResourceDefinitionBehaviour: Behaviour = {
  // what was never marked for deletion has objects to delete first
  mayGo: ({ metadata }) => metadata.deletionTimestamp !== undefined,
  onDelete(object) {
    const crd = object as CustomResourceDefinition
    const { metadata } = crd
    metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), cleanupFinalizer])]
    delete metadata.deletionGracePeriodSeconds
    crd.status ??= { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] }
    const condition = {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    }
    setCondition(crd.status, condition, parseTime(metadata.deletionTimestamp ?? ''))
  },
}
