/** The page of docs/evidence that says which planted faults the tests saw. */
export function printEvidence(results, commit) {
  const seen = results.filter(({ isSeen }) => isSeen).length
  const rows = results.map(({ fault, file, isSeen, by, survives }) => {
    const verdict = isSeen ? `seen by: ${by}` : `survived${survives ? `: ${survives}` : ''}`
    return `| ${cell(fault)} | \`${file}\` | ${cell(verdict)} |`
  })
  return [
    '# Planted faults',
    '',
    `\`npm run mutants -- --write\` on commit ${commit} planted ${results.length} faults, one by one, in the code that decides`,
    `totals and durability, and ran the tests near each: ${seen} were seen, ${results.length - seen} survived.`,
    '',
    '| fault | file | verdict |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
