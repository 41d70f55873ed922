/** The few inline marks that texts inside fences may use: `code`, *emphasis*, **strong**, [text](https://…). */

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export function inlineMarkdown(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map((piece) => (/^`[^`]+`$/.test(piece) ? `<code>${escapeHtml(piece.slice(1, -1))}</code>` : proseMarks(escapeHtml(piece))))
    .join('');
}

function proseMarks(escaped: string): string {
  return escaped
    .replaceAll(/\[([^\]]+)\]\((https:\/\/[^\s)]+)\)/g, '<a href="$2">$1</a>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replaceAll(/(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])/g, '<em>$1</em>')
    .replaceAll(/(?<=\w)'(?=\w)/g, '’')
    .replaceAll(/(^|[\s(])&quot;/g, '$1“')
    .replaceAll('&quot;', '”');
}
