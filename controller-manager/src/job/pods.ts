import type { Job } from '@kubets/shared/api/types/batch-v1.ts'
import type { Container, Pod, PodTemplateSpec } from '@kubets/shared/api/types/core-v1.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'

/** Keeps a Pod until its end has been counted. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
const indexName = 'batch.kubernetes.io/job-completion-index'
const failureCountName = 'batch.kubernetes.io/job-index-failure-count'
const ignoredCountName = 'batch.kubernetes.io/job-index-ignored-failure-count'
const indexVariable = 'JOB_COMPLETION_INDEX'
// apiserver/pkg/storage/names/generate.go MaxGeneratedNameLength
const longestPrefix = 58

export const isTracked = (pod: Pod): boolean => (pod.metadata.finalizers ?? []).includes(trackingFinalizer)

export const isIndexed = ({ spec }: Job): boolean => spec.completionMode === 'Indexed'

/** The index a Pod works on; undefined where it has none, or none below `completions`. */
export const indexOf = (pod: Pod, completions = Infinity): number | undefined => {
  const text = pod.metadata.annotations?.[indexName]
  if (text === undefined || !/^\d+$/.test(text)) return undefined
  return Number(text) < completions ? Number(text) : undefined
}

const countIn = (pod: Pod, name: string): number => {
  const text = pod.metadata.annotations?.[name] ?? ''
  return /^\d+$/.test(text) ? Number(text) : 0
}

/** How often an index failed before this Pod, those its policy counts and those it ignores. */
export const failuresBefore = (pod: Pod): { counted: number; ignored: number } => ({
  counted: countIn(pod, failureCountName),
  ignored: countIn(pod, ignoredCountName),
})

/** The failures of an index, for the Pod that is tried next. */
export type IndexFailures = ReturnType<typeof failuresBefore>

const withVariable = (container: Container): Container => {
  if (container.env?.some(({ name }) => name === indexVariable)) return container
  const variable = { name: indexVariable, valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexName}']` } } }
  return { ...container, env: [...(container.env ?? []), variable] }
}

/** The template of one Pod: of an index of an Indexed Job, with what that index has failed where that is limited. */
// pkg/controller/job/job_controller.go manageJob
export const templateOf = (
  job: Job,
  index: number | undefined,
  failures: IndexFailures | undefined,
): PodTemplateSpec => {
  const template = clone(job.spec.template)
  const metadata = { ...template.metadata }
  metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), trackingFinalizer])]
  if (index === undefined) return { ...template, metadata }
  metadata.annotations = { ...metadata.annotations, [indexName]: String(index) }
  metadata.labels = { ...metadata.labels, [indexName]: String(index) }
  if (failures) {
    metadata.annotations[failureCountName] = String(failures.counted)
    if (failures.ignored > 0) metadata.annotations[ignoredCountName] = String(failures.ignored)
  }
  const { spec } = template
  const initContainers = spec.initContainers && { initContainers: spec.initContainers.map(withVariable) }
  const hostname = `${job.metadata.name}-${index}`
  return { metadata, spec: { ...spec, ...initContainers, containers: spec.containers.map(withVariable), hostname } }
}

// pkg/controller/job/indexed_job_utils.go podGenerateNameWithIndex
export const prefixOf = (job: Job, index: number): string => {
  const end = `-${index}-`
  return `${(job.metadata.name ?? '').slice(0, longestPrefix - end.length)}${end}`
}
