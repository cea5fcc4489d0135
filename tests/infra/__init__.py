"""Bicep without Azure: reads the files of infra/, works out what they deploy, and checks it against Microsoft's types.

lexer     text → tokens
syntax    tokens → declarations and expressions
functions what the functions of Bicep return, as far as that is known before a deployment
deploy    a file and its parameters → the resources that it deploys, modules included
types     a resource → what is wrong with it by the types that Azure publishes
"""
