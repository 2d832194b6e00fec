import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** Violet of the mark; 6 fills buttons (white on it is 5.2:1), 3 is text on dark, 7 text on light. */
const phantom: MantineColorsTuple = ['#f2efff', '#e2dcff', '#c5baff', '#a899ff', '#8d7af5', '#7a64f0', '#6b50e6', '#583fd0', '#4631ac', '#352586'];
/** Cool greys from text (0) to the deepest ground (9). */
const dark: MantineColorsTuple = ['#e4e7ec', '#b9c0cb', '#9aa3b2', '#8791a0', '#39404d', '#262b35', '#1a1e26', '#13161c', '#0c0e12', '#08090c'];

export const theme = createTheme({
  colors: { phantom, dark },
  primaryColor: 'phantom',
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: 4,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.25rem', xl: '1.75rem' },
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '1.25rem', lineHeight: '1.3' }, h2: { fontSize: '0.9375rem', lineHeight: '1.4' }, h3: { fontSize: '0.875rem', lineHeight: '1.4' } },
  },
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    TextInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm' } },
    SegmentedControl: {
      defaultProps: { size: 'xs' },
      styles: { root: { background: 'var(--ps-raised)' }, indicator: { background: 'var(--ps-panel)', boxShadow: '0 0 0 1px var(--ps-border-strong)' } },
    },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, events: { hover: true, focus: true, touch: true } } },
    Modal: {
      // A header right below a dialog would count as a second banner of the page.
      defaultProps: { attributes: { header: { role: 'none' } }, centered: true, radius: 6, overlayProps: { backgroundOpacity: 0.55 } },
      styles: { content: { background: 'var(--ps-panel)', border: '1px solid var(--ps-border-strong)' }, header: { background: 'var(--ps-panel)' }, title: { fontWeight: 600 } },
    },
    Popover: { styles: { dropdown: { background: 'var(--ps-panel)', borderColor: 'var(--ps-border-strong)' } } },
    Menu: { styles: { dropdown: { background: 'var(--ps-panel)', borderColor: 'var(--ps-border-strong)' } } },
    Anchor: { defaultProps: { underline: 'hover' } },
  },
});

/** Our own tokens; all text on its ground has at least 4.5:1. Status colours are only ever used beside a word and an icon. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { '--ps-header-height': '3rem', '--ps-nav-width': '12.5rem' },
  light: {
    '--mantine-color-body': '#f4f5f8', '--mantine-color-dimmed': '#545d6b', '--mantine-color-placeholder': '#69717e',
    '--mantine-color-text': '#171a21', '--mantine-color-anchor': '#583fd0', '--mantine-color-error': '#b3261e',
    '--ps-panel': '#ffffff', '--ps-raised': '#eceef3', '--ps-border': '#dce0e7', '--ps-border-strong': '#b7bfcb',
    '--ps-accent': '#583fd0', '--ps-ok': '#17703f', '--ps-notice': '#0b5cad', '--ps-warning': '#875000', '--ps-critical': '#b3261e', '--ps-unknown': '#545d6b',
    '--ps-production': '#a3341f', '--ps-warning-fill': '#bd7a0f', '--ps-hatch': 'rgba(60, 68, 82, 0.16)', '--ps-track': '#dfe3ea',
  },
  dark: {
    '--mantine-color-body': '#0c0e12', '--mantine-color-dimmed': '#9aa3b2', '--mantine-color-placeholder': '#8791a0',
    '--mantine-color-text': '#e4e7ec', '--mantine-color-anchor': '#a899ff', '--mantine-color-error': '#ff8078',
    '--ps-panel': '#13161c', '--ps-raised': '#1c2029', '--ps-border': '#262b35', '--ps-border-strong': '#424a58',
    '--ps-accent': '#a899ff', '--ps-ok': '#5bd08f', '--ps-notice': '#7cb7ff', '--ps-warning': '#f2b84b', '--ps-critical': '#ff8078', '--ps-unknown': '#9aa3b2',
    '--ps-production': '#ff8a65', '--ps-warning-fill': '#e0a63a', '--ps-hatch': 'rgba(154, 163, 178, 0.2)', '--ps-track': '#2a303b',
  },
});
