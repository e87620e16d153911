# sealos_add_plugin(NAME TRANSPORTS transport ... SOURCES file ... [LIBRARIES target ...] [VERSION x.y.z])
#
# Builds NAME.so, a module that exports nothing but sealos_plugin_v1, and NAME.json, the manifest that lets
# sealos know its transports without opening it. Both are installed into SEALOS_PLUGIN_INSTALL_DIR as component
# plugin-NAME. In the build folder they stand side by side in SEALOS_PLUGIN_OUTPUT_DIR (default
# <build>/plugins), which can be given to sealos as SEALOS_PLUGIN_PATH.

function(sealos_add_plugin name)
  cmake_parse_arguments(arg "" "VERSION" "TRANSPORTS;SOURCES;LIBRARIES" ${ARGN})
  if(NOT arg_TRANSPORTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "sealos_add_plugin(${name}): TRANSPORTS and SOURCES are needed")
  endif()
  if(NOT arg_VERSION)
    set(arg_VERSION "${PROJECT_VERSION}")
  endif()
  if(NOT arg_VERSION)
    set(arg_VERSION "0")
  endif()
  set(output ${CMAKE_BINARY_DIR}/plugins)
  if(SEALOS_PLUGIN_OUTPUT_DIR)
    set(output ${SEALOS_PLUGIN_OUTPUT_DIR})
  endif()
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/sealos-plugin.map)

  set(target sealos_plugin_${name})
  add_library(${target} MODULE ${arg_SOURCES})
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${name} SUFFIX ".so"
    LIBRARY_OUTPUT_DIRECTORY ${output} POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS ${map})
  target_compile_definitions(${target} PRIVATE SEALOS_PLUGIN_VERSION="${arg_VERSION}")
  target_link_options(${target} PRIVATE -Wl,--version-script=${map} -Wl,-z,now -Wl,--as-needed)
  if(NOT SEALOS_SANITIZE AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  target_link_libraries(${target} PRIVATE sealos::sdk ${arg_LIBRARIES})

  list(JOIN arg_TRANSPORTS "\", \"" transports)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}.json
    "{\"name\": \"${name}\", \"version\": \"${arg_VERSION}\", \"abi\": 1, \"library\": \"${name}.so\", \"transports\": [\"${transports}\"]}\n")
  file(MAKE_DIRECTORY ${output})
  file(COPY ${CMAKE_CURRENT_BINARY_DIR}/${name}.json DESTINATION ${output})

  install(TARGETS ${target} LIBRARY DESTINATION ${SEALOS_PLUGIN_INSTALL_DIR} COMPONENT plugin-${name})
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.json DESTINATION ${SEALOS_PLUGIN_INSTALL_DIR}
    COMPONENT plugin-${name})
endfunction()
