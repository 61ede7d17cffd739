/** What the log may hold of a traced message: of those that carry a secret only that they were sent. */
export function withoutSecrets(text: string): string {
  const [first = ""] = text.split("\n", 1);
  return /'jiuzhang\/secret\//.test(first) ? first : text;
}
