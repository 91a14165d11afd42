import { deepEqual } from '../../../../machinery/deep.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  CustomResourceValidation,
  SelectableField,
} from '../../../types/apiextensions-v1.ts'

/** A spec as upstream validates it: what all versions have in common stands at the top, and error paths follow that. */
export interface InternalSpec extends Omit<CustomResourceDefinitionSpec, 'versions'> {
  validation?: CustomResourceValidation
  subresources?: CustomResourceSubresources
  additionalPrinterColumns?: CustomResourceColumnDefinition[]
  selectableFields?: SelectableField[]
  versions: CustomResourceDefinitionVersion[]
}

const shared = [
  ['schema', 'validation'],
  ['subresources', 'subresources'],
  ['additionalPrinterColumns', 'additionalPrinterColumns'],
  ['selectableFields', 'selectableFields'],
] as const

// apiextensions-apiserver/pkg/apis/apiextensions/v1/conversion.go Convert_v1_CustomResourceDefinitionSpec_To_apiextensions
export function internalSpec(spec: CustomResourceDefinitionSpec): InternalSpec {
  const versions = (spec.versions ?? []).map((version) => ({ ...version }))
  const result: InternalSpec = { ...spec, versions }
  for (const [field, top] of shared) {
    const first = versions[0]?.[field]
    if (first === undefined || versions.some((version) => !deepEqual(version[field], first))) continue
    Object.assign(result, { [top]: first })
    for (const version of versions) delete version[field]
  }
  return result
}
