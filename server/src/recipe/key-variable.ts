/**
 * The environment variables that may hold a secret's value in the terminal, the first one that is set counts.
 * `openai` is also read from the variable that every OpenAI client reads.
 */
export function keyVariable(secret: string): string[] {
  const own = `JIUZHANG_KEY_${secret.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}`;
  return secret.toLowerCase() === "openai" ? [own, "OPENAI_API_KEY"] : [own];
}

/** Whether a text looks like a key that was pasted where the name of a secret belongs. */
export function looksLikeKey(text: string): boolean {
  return /^(?:sk|pk|gsk|hf|xai|rk|key|api)[-_][A-Za-z0-9_-]{12,}$/.test(text) || (text.length >= 32 && /\d/.test(text)) || text.length > 64;
}
