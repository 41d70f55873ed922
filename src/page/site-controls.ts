/** Makes the head of the page work: the switches, and the parts sheet. Loaded by every page. */
import { APPEARANCE_EVENT, choose, isOn } from './appearance.ts';
import type { ChoiceName } from './appearance.ts';
import { showProgress } from './progress.ts';

const NAMES: readonly ChoiceName[] = ['night', 'still', 'words'];

function switchesOf(name: ChoiceName): readonly HTMLButtonElement[] {
  return [...document.querySelectorAll<HTMLButtonElement>(`button[data-switch="${name}"]`)];
}

function showState(): void {
  for (const name of NAMES) {
    const on = isOn(name);
    for (const button of switchesOf(name)) {
      // Day and Night name the shift that the button brings; the other two are pressed or not.
      if (name === 'night') button.textContent = on ? 'Day' : 'Night';
      else button.setAttribute('aria-pressed', String(on));
    }
  }
}

function startSwitches(): void {
  for (const name of NAMES) {
    for (const button of switchesOf(name)) button.addEventListener('click', () => choose(name, !isOn(name)));
  }
  document.addEventListener(APPEARANCE_EVENT, showState);
  showState();
}

function startSheet(): void {
  const sheet = document.querySelector<HTMLDialogElement>('dialog.sheet');
  if (sheet === null) return;
  for (const opener of document.querySelectorAll('[data-opens="parts"]')) {
    opener.addEventListener('click', () => sheet.showModal());
  }
  sheet.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const closes = event.target === sheet || event.target.closest('[data-closes], .frame a') !== null;
    if (closes && event.target.closest('.frame a') === null) sheet.close();
  });
}

startSwitches();
startSheet();
showProgress();
