/**
 * On narrow pages the bench stands above the text. After 420 px of scrolling it folds to a strip; a bench that would
 * cover more than half of the window does not stick at all.
 */
const FOLD_AFTER_PX = 420;
const WIDE = '(min-width: 1101px)';

export function startBenchFold(bench: HTMLElement): void {
  const wide = matchMedia(WIDE);
  const apply = (): void => {
    const header = bench.getBoundingClientRect().top + window.scrollY - bench.offsetTop;
    bench.toggleAttribute('data-too-tall', !wide.matches && bench.offsetHeight + header > window.innerHeight * 0.6);
    bench.toggleAttribute('data-folded', !wide.matches && window.scrollY > Math.max(FOLD_AFTER_PX, bench.offsetHeight));
  };
  let asked = false;
  const applySoon = (): void => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      apply();
    });
  };
  window.addEventListener('scroll', applySoon, { passive: true });
  window.addEventListener('resize', applySoon);
  new ResizeObserver(applySoon).observe(bench);
  apply();
}
