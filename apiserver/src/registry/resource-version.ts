import { badRequest } from '@kubets/shared/machinery/errors.ts'

/** A resourceVersion as a number; 0 for none. Throws 400 for anything else. */
// apiserver/pkg/storage/api_object_versioner.go ParseResourceVersion
export function parseResourceVersion(text: string | undefined): number {
  if (text === undefined || text === '') return 0
  const value = /^\d{1,19}$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(value))
    throw badRequest(
      `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  return value
}
