const rank = {{ severities | map("string") | list | tojson }};
const field = id => document.getElementById(id);
function filter() {
  const text = field("text").value.toLowerCase(), check = field("check").value, least = rank.indexOf(field("severity").value);
  let shown = 0;
  for (const row of document.querySelectorAll("#tasks tbody tr")) {
    const severities = row.dataset.severities.split(" ");
    const fits = row.cells[0].textContent.toLowerCase().includes(text)
      && (!check || row.dataset.checks.split(" ").includes(check))
      && (least < 0 || severities.some(s => rank.indexOf(s) >= 0 && rank.indexOf(s) <= least));
    row.hidden = !fits;
    shown += fits;
  }
  field("shown").textContent = shown + " shown";
}
for (const id of ["text", "check", "severity"]) field(id).addEventListener("input", filter);
filter();
