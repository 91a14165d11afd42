/** Every value of a header, in the order sent. Node joins them in `headers`, and a value may hold a comma. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const wanted = name.toLowerCase()
  const values: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === wanted) values.push(rawHeaders[i + 1] ?? '')
  }
  return values
}

/** The key of an extra value: percent-encoded in a header's name, or taken as it is when that is malformed. */
export function unescapeKey(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
