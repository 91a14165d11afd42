/**
 * Replaces $(NAME) by the variable's value. An unknown name is left as it is, $$ is a dollar that begins nothing.
 */
// third_party/forked/golang/expansion/expand.go Expand
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (found, name: string | undefined) => {
    if (name === undefined) return '$'
    return lookup(name) ?? found
  })
}
