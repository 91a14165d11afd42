import * as field from '../../../machinery/fieldpath.ts'
import type { FieldError, FieldPath } from '../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain, isPortNumber } from '../../../machinery/names.ts'
import { quote } from '../../../machinery/quote.ts'

/** RFC 3986, appendix B, with the user apart from the host: scheme, user, host, query, fragment. */
const urlParts = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s
const form = '; desired format: https://host[/path]'

// apiserver/pkg/util/webhook/validation.go ValidateWebhookURL
export function checkWebhookURL(url: string, path: FieldPath, errors: FieldError[]): void {
  const [, scheme = '', user, host = '', query = '', fragment = ''] = urlParts.exec(url) ?? []
  const problem = /[\x00-\x20\x7f]/.test(url)
    ? 'net/url: invalid control character in URL'
    : /:(?!\d*$)[^\]]*$/.test(host)
      ? `invalid port ${quote(host.slice(host.lastIndexOf(':')))} after host`
      : undefined
  if (problem !== undefined) {
    errors.push(field.required(path, `url must be a valid URL: parse ${quote(url)}: ${problem}${form}`))
    return
  }
  const refuse = (value: string, text: string): void => void errors.push(field.invalid(path, value, text))
  if (scheme.toLowerCase() !== 'https') refuse(scheme.toLowerCase(), `'https' is the only allowed URL scheme${form}`)
  if (host === '') refuse(host, `host must be specified${form}`)
  if (user !== undefined) refuse(user, 'user information is not permitted in the URL')
  if (fragment !== '') refuse(fragment, 'fragments are not permitted in the URL')
  if (query !== '') refuse(query, 'query parameters are not permitted in the URL')
}

interface ServiceReference {
  namespace: string
  name: string
  path?: string
  port?: number
}

// apiserver/pkg/util/webhook/validation.go ValidateWebhookService
export function checkWebhookService(service: ServiceReference, at: FieldPath, errors: FieldError[]): void {
  const { namespace, name, path = '', port = 443 } = service
  if (!name) errors.push(field.required(at.child('name')))
  if (!namespace) errors.push(field.required(at.child('namespace')))
  const problems = isPortNumber(port)
  if (problems.length > 0) {
    errors.push(field.invalid(at.child('port'), port, `port is not valid: ${problems.join(', ')}`))
  }
  if (path === '' || path === '/') return
  const refuse = (text: string): void => void errors.push(field.invalid(at.child('path'), path, text))
  if (path === '//') return refuse('segment[0] may not be empty')
  if (!path.startsWith('/')) refuse("must start with a '/'")
  for (const [i, step] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    if (step === '') refuse(`segment[${i}] may not be empty`)
    else for (const text of isDNS1123Subdomain(step)) refuse(`segment[${i}]: ${text}`)
  }
}
