import { invalid, required, tooLong, type FieldError, type FieldPath } from '../../machinery/fieldpath.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../machinery/names.ts'
import { quote } from '../../machinery/quote.ts'

const maxSubdomain = 253
const maxLabel = 63
const maxName = maxSubdomain + 1 + maxLabel + 1 + maxSubdomain
const segmentText = "must be a fully qualified domain and path of the form 'example.com/signer-name'"

/** Adds what is wrong with the name of a signer, `example.com/what-it-signs`. */
// pkg/apis/core/validation/names.go ValidateSignerName
export function checkSignerName(name: string, path: FieldPath, errors: FieldError[]): void {
  if (name === '') {
    errors.push(required(path))
    return
  }
  const segments = name.split('/')
  if (segments.length !== 2) {
    errors.push(invalid(path, name, segmentText))
    return
  }
  const [domain = '', rest = ''] = segments
  if (domain.length > maxSubdomain) errors.push(tooLong(path, '', maxSubdomain))
  checkLabels(domain, isDNS1123Label, path, errors)
  if (domain.split('.').length < 2)
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'))
  checkLabels(rest, isDNS1123Subdomain, path, errors)
  if (name.length > maxName) errors.push(tooLong(path, '', maxName))
}

// the first wrong label says it all
function checkLabels(text: string, check: (label: string) => string[], path: FieldPath, errors: FieldError[]): void {
  for (const label of text.split('.')) {
    const problems = check(label)
    for (const problem of problems) errors.push(invalid(path, text, `validating label ${quote(label)}: ${problem}`))
    if (problems.length > 0) return
  }
}
