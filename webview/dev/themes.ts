/** The variables that VS Code's four default themes give a webview, as far as we use them. */

export type ThemeName = 'light' | 'dark' | 'hc' | 'hcLight';

const shared = { 'font-family': 'system-ui, "Open Sans", sans-serif', 'font-size': '13px', 'font-weight': 'normal', 'editor-font-family': 'monospace' };

export const themes: Record<ThemeName, { kind: string[]; variables: Record<string, string> }> = {
  dark: {
    kind: ['vscode-dark'],
    variables: {
      ...shared, 'foreground': '#cccccc', 'descriptionForeground': '#9d9d9d', 'errorForeground': '#f85149', 'icon-foreground': '#cccccc', 'focusBorder': '#0078d4',
      'editor-background': '#1f1f1f', 'editor-foreground': '#cccccc', 'sideBar-background': '#181818', 'widget-border': '#313131', 'widget-shadow': 'rgba(0,0,0,.36)',
      'editorWidget-background': '#202020', 'editorWidget-foreground': '#cccccc', 'editorWidget-border': '#454545',
      'input-background': '#313131', 'input-foreground': '#cccccc', 'input-border': '#3c3c3c', 'input-placeholderForeground': '#989898',
      'inputOption-activeBackground': '#2489db82', 'inputOption-activeBorder': '#2488db', 'inputOption-activeForeground': '#ffffff',
      'inputValidation-errorBackground': '#5a1d1d', 'inputValidation-errorBorder': '#be1100', 'inputValidation-infoBackground': '#063b49', 'inputValidation-infoBorder': '#007acc',
      'button-background': '#0078d4', 'button-foreground': '#ffffff', 'button-hoverBackground': '#026ec1', 'button-border': 'rgba(255,255,255,.07)',
      'button-secondaryBackground': '#313131', 'button-secondaryForeground': '#cccccc', 'button-secondaryHoverBackground': '#3c3c3c',
      'dropdown-background': '#313131', 'dropdown-foreground': '#cccccc', 'dropdown-border': '#3c3c3c', 'dropdown-listBackground': '#1f1f1f',
      'list-activeSelectionBackground': '#04395e', 'list-activeSelectionForeground': '#ffffff', 'list-hoverBackground': '#2a2d2e',
      'badge-background': '#616161', 'badge-foreground': '#f8f8f8', 'progressBar-background': '#0078d4', 'textLink-foreground': '#4daafc', 'textLink-activeForeground': '#4daafc',
      'toolbar-hoverBackground': 'rgba(90,93,94,.31)', 'toolbar-activeBackground': 'rgba(99,102,103,.31)',
      'menu-background': '#1f1f1f', 'menu-foreground': '#cccccc', 'menu-border': '#454545', 'menu-selectionBackground': '#0078d4', 'menu-selectionForeground': '#ffffff', 'menu-separatorBackground': '#454545',
      'scrollbarSlider-background': 'rgba(121,121,121,.4)', 'scrollbarSlider-hoverBackground': 'rgba(100,100,100,.7)', 'scrollbarSlider-activeBackground': 'rgba(191,191,191,.4)',
      'sideBarSectionHeader-foreground': '#cccccc',
    },
  },
  light: {
    kind: ['vscode-light'],
    variables: {
      ...shared, 'foreground': '#3b3b3b', 'descriptionForeground': '#3b3b3b', 'errorForeground': '#f85149', 'icon-foreground': '#3b3b3b', 'focusBorder': '#005fb8',
      'editor-background': '#ffffff', 'editor-foreground': '#3b3b3b', 'sideBar-background': '#f8f8f8', 'widget-border': '#e5e5e5', 'widget-shadow': 'rgba(0,0,0,.16)',
      'editorWidget-background': '#f8f8f8', 'editorWidget-foreground': '#3b3b3b', 'editorWidget-border': '#c8c8c8',
      'input-background': '#ffffff', 'input-foreground': '#3b3b3b', 'input-border': '#cecece', 'input-placeholderForeground': '#767676',
      'inputOption-activeBackground': '#bed6ed', 'inputOption-activeBorder': '#005fb8', 'inputOption-activeForeground': '#000000',
      'inputValidation-errorBackground': '#f2dede', 'inputValidation-errorBorder': '#be1100', 'inputValidation-infoBackground': '#d6ecf2', 'inputValidation-infoBorder': '#007acc',
      'button-background': '#005fb8', 'button-foreground': '#ffffff', 'button-hoverBackground': '#0258a8', 'button-border': 'rgba(0,0,0,.1)',
      'button-secondaryBackground': '#e5e5e5', 'button-secondaryForeground': '#3b3b3b', 'button-secondaryHoverBackground': '#cccccc',
      'dropdown-background': '#ffffff', 'dropdown-foreground': '#3b3b3b', 'dropdown-border': '#cecece', 'dropdown-listBackground': '#ffffff',
      'list-activeSelectionBackground': '#e8e8e8', 'list-activeSelectionForeground': '#000000', 'list-hoverBackground': '#f2f2f2',
      'badge-background': '#cccccc', 'badge-foreground': '#3b3b3b', 'progressBar-background': '#005fb8', 'textLink-foreground': '#005fb8', 'textLink-activeForeground': '#005fb8',
      'toolbar-hoverBackground': 'rgba(184,184,184,.31)', 'toolbar-activeBackground': 'rgba(166,166,166,.31)',
      'menu-background': '#ffffff', 'menu-foreground': '#3b3b3b', 'menu-border': '#cecece', 'menu-selectionBackground': '#005fb8', 'menu-selectionForeground': '#ffffff', 'menu-separatorBackground': '#d4d4d4',
      'scrollbarSlider-background': 'rgba(100,100,100,.4)', 'scrollbarSlider-hoverBackground': 'rgba(100,100,100,.7)', 'scrollbarSlider-activeBackground': 'rgba(0,0,0,.6)',
      'sideBarSectionHeader-foreground': '#3b3b3b',
    },
  },
  hc: {
    kind: ['vscode-high-contrast'],
    variables: {
      ...shared, 'foreground': '#ffffff', 'descriptionForeground': 'rgba(255,255,255,.7)', 'errorForeground': '#f48771', 'icon-foreground': '#ffffff', 'focusBorder': '#f38518',
      'contrastBorder': '#6fc3df', 'contrastActiveBorder': '#f38518', 'editor-background': '#000000', 'editor-foreground': '#ffffff', 'sideBar-background': '#000000',
      'widget-border': '#6fc3df', 'editorWidget-background': '#0c141f', 'editorWidget-foreground': '#ffffff', 'editorWidget-border': '#6fc3df',
      'input-background': '#000000', 'input-foreground': '#ffffff', 'input-border': '#6fc3df', 'input-placeholderForeground': 'rgba(255,255,255,.7)',
      'inputOption-activeBackground': 'rgba(0,0,0,0)', 'inputOption-activeBorder': '#6fc3df', 'inputOption-activeForeground': '#ffffff',
      'inputValidation-errorBackground': '#000000', 'inputValidation-errorBorder': '#6fc3df', 'inputValidation-infoBackground': '#000000', 'inputValidation-infoBorder': '#6fc3df',
      'button-background': '#000000', 'button-foreground': '#ffffff', 'button-border': '#6fc3df', 'button-secondaryBackground': '#000000', 'button-secondaryForeground': '#ffffff',
      'dropdown-background': '#000000', 'dropdown-foreground': '#ffffff', 'dropdown-border': '#6fc3df', 'dropdown-listBackground': '#000000',
      'badge-background': '#000000', 'badge-foreground': '#ffffff', 'progressBar-background': '#6fc3df', 'textLink-foreground': '#21a6ff', 'textLink-activeForeground': '#21a6ff',
      'toolbar-hoverOutline': '#f38518', 'menu-background': '#000000', 'menu-foreground': '#ffffff', 'menu-border': '#6fc3df', 'menu-selectionBorder': '#f38518', 'menu-selectionForeground': '#ffffff', 'menu-separatorBackground': '#6fc3df',
      'scrollbarSlider-background': 'rgba(111,195,223,.6)', 'sideBarSectionHeader-foreground': '#ffffff',
    },
  },
  hcLight: {
    kind: ['vscode-high-contrast', 'vscode-high-contrast-light'],
    variables: {
      ...shared, 'foreground': '#292929', 'descriptionForeground': 'rgba(41,41,41,.7)', 'errorForeground': '#b5200d', 'icon-foreground': '#292929', 'focusBorder': '#006bbd',
      'contrastBorder': '#0f4a85', 'contrastActiveBorder': '#006bbd', 'editor-background': '#ffffff', 'editor-foreground': '#292929', 'sideBar-background': '#ffffff',
      'widget-border': '#0f4a85', 'editorWidget-background': '#ffffff', 'editorWidget-foreground': '#292929', 'editorWidget-border': '#0f4a85',
      'input-background': '#ffffff', 'input-foreground': '#292929', 'input-border': '#0f4a85', 'input-placeholderForeground': 'rgba(41,41,41,.7)',
      'inputOption-activeBackground': 'rgba(0,0,0,0)', 'inputOption-activeBorder': '#0f4a85', 'inputOption-activeForeground': '#292929',
      'inputValidation-errorBackground': '#ffffff', 'inputValidation-errorBorder': '#0f4a85', 'inputValidation-infoBackground': '#ffffff', 'inputValidation-infoBorder': '#0f4a85',
      'button-background': '#0f4a85', 'button-foreground': '#ffffff', 'button-border': '#0f4a85', 'button-secondaryBackground': '#ffffff', 'button-secondaryForeground': '#292929',
      'dropdown-background': '#ffffff', 'dropdown-foreground': '#292929', 'dropdown-border': '#0f4a85', 'dropdown-listBackground': '#ffffff',
      'list-activeSelectionBackground': 'rgba(15,74,133,.1)', 'badge-background': '#0f4a85', 'badge-foreground': '#ffffff', 'progressBar-background': '#0f4a85', 'textLink-foreground': '#0f4a85', 'textLink-activeForeground': '#0f4a85',
      'toolbar-hoverOutline': '#006bbd', 'menu-background': '#ffffff', 'menu-foreground': '#292929', 'menu-border': '#0f4a85', 'menu-selectionBackground': 'rgba(15,74,133,.1)', 'menu-selectionBorder': '#006bbd', 'menu-selectionForeground': '#292929', 'menu-separatorBackground': '#0f4a85',
      'scrollbarSlider-background': 'rgba(15,74,133,.4)', 'sideBarSectionHeader-foreground': '#292929',
    },
  },
};
