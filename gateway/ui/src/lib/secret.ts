/** Tokens and keys by their looks: whoever pasted one did not mean to keep it. */
const SECRET =
  /\beyJ[\w-]{10,}\.|\bBearer\s+\S|\bsha256~\S|-----BEGIN|(?:password|passwd|secret|token)\s*=~?\s*"[^"]+"/i;

export const isSecret = (text: string): boolean => SECRET.test(text);
