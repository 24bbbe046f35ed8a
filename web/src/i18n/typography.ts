// French punctuation keeps its spaces, and they do not break: U+202F before ; ! ?, U+00A0 before : and inside « ».
// Applied to the interface's own words; what people, models and documents wrote is never touched.

const narrow = "\u202f";
const wide = "\u00a0";

export function frenchTypography(text: string): string {
  return text
    .replace(/'/g, "’")
    .replace(/ ([;!?])/g, `${narrow}$1`)
    .replace(/ :/g, `${wide}:`)
    .replace(/« /g, `«${wide}`)
    .replace(/ »/g, `${wide}»`)
    .replace(/(\d) (\d{3})(?!\d)/g, `$1${narrow}$2`)
    .replace(/(\d|\{\w+\}) (%|€|Wh|ms|s|Go|Mo|Ko|gCO₂e)(?![\p{L}\d])/gu, `$1${wide}$2`);
}
