import type { PodTemplate } from '../../../types/core-v1.ts'
import { defaultTemplate } from '../../pod-spec/defaults.ts'

export function defaults(obj: PodTemplate): void {
  defaultTemplate(obj.template)
}
