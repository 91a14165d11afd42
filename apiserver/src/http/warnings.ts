/** Characters of all warnings together; over this each is cut, and no more are sent. */
const maxTotal = 4096
const maxEach = 256

/** The values of the Warning header: each text once, in a bounded size. */
// apiserver/pkg/endpoints/filters/warning.go recorder.AddWarning
export function warningHeaders(texts: readonly string[]): string[] {
  const unique = [...new Set(texts.filter((text) => text !== ''))]
  if (unique.reduce((sum, text) => sum + text.length, 0) <= maxTotal) return unique.map(header)
  const headers: string[] = []
  let total = 0
  for (const text of unique) {
    const cut = text.slice(0, maxEach)
    if ((total += cut.length) > maxTotal) break
    headers.push(header(cut))
  }
  return headers
}

// apimachinery/pkg/util/net/http.go NewWarningHeader
function header(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]+/g, ' ')
  return `299 - "${printable.replace(/[\\"]/g, '\\$&')}"`
}
